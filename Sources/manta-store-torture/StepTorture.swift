internal import Glibc
internal import MantaCore
internal import MantaObjectStore

/// Kills a process after each single store that it makes to shared memory, in turn.
///
/// Whatever the instant, the objects that are left are those from before or after an operation, never something in
/// between, and everything else is given back.
struct StepTorture {
    private var store: ObjectStore
    private var rebuildCount = 0

    init() throws { store = try Self.newStore() }

    private static func newStore() throws -> ObjectStore {
        try ObjectStore.create(.init(capacity: 16 << 20), keeper: ProcessID(1 << 24))
    }

    /// Everything is freed, and the next starts from the same state as all before.
    private mutating func startOver() throws {
        for entry in try store.entries() { try store.free(entry.id) }
        _ = try store.takeBackFromTheDead()
        try check("empty")
        let figures = try store.figures()
        guard figures.usedByteCount == 0, figures.objectCount == 0 else {
            Torture.fail("\(figures) when empty")
        }
        rebuildCount += store.rebuildCount
        store = try Self.newStore()
    }

    private func script(_ step: Int, isRead: Bool = false) -> Child {
        Child(["script", store.address.path, String(store.address.capacity), String(step)], isRead: isRead)
    }

    mutating func run() throws {
        let (states, count) = try record()
        print("\(count) steps, \(states.count) states")
        try killEach(count, states)
        try killRebuilds(count, Set(states))
    }

    /// Runs the script to its end.
    private mutating func record() throws -> (states: [String], count: Int) {
        let child = script(0, isRead: true)
        let lines = child.read().split(separator: "\n")
        guard child.end() == .exited(0), let last = lines.last, last.hasPrefix("steps "),
            let count = Int(last.dropFirst(6))
        else { Torture.fail("the script does not run to its end") }
        try startOver()
        return (lines.filter { $0.hasPrefix("state ") }.map { String($0.dropFirst(6)) }, count)
    }

    private mutating func killEach(_ count: Int, _ states: [String]) throws {
        // An operation that took effect once does so in all later runs too.
        var reached = 0
        for step in 1...count {
            guard script(step).end() == .killed(SIGKILL) else { Torture.fail("step \(step) was not reached") }
            _ = try store.takeBackFromTheDead()
            try check("step \(step)")
            let state = try Script.state(of: store)
            guard let index = states[reached...].firstIndex(of: state) else {
                Torture.fail("step \(step): [\(state)] is no state that follows [\(states[reached])]")
            }
            reached = index
            try startOver()
        }
        guard reached >= states.count - 2 else { Torture.fail("the script only came to state \(reached)") }
        print("killed after each; tables rebuilt \(rebuildCount) times")
    }

    /// Kills the process that rebuilds after a killed one, too.
    private mutating func killRebuilds(_ count: Int, _ states: Set<String>) throws {
        var random = SplitMix64(seed: 1)
        var second = 0
        for _ in 0..<150 {
            let step = Int.random(in: 1...count, using: &random)
            _ = script(step).end()
            let other = Int.random(in: 1...60, using: &random)
            let end = Child(["touch", store.address.path, String(store.address.capacity), String(other)])
                .end()
            if end == .killed(SIGKILL) { second += 1 }
            _ = try store.takeBackFromTheDead()
            try check("step \(step), then \(other) of who came next")
            let state = try Script.state(of: store)
            guard states.contains(state) else {
                Torture.fail("step \(step), then \(other): [\(state)] is no state")
            }
            try startOver()
        }
        print("killed \(second) who came next; tables rebuilt \(rebuildCount) times")
    }

    private func check(_ when: String) throws {
        let faults = try store.audit()
        if !faults.isEmpty { Torture.fail("\(when): \(faults.joined(separator: "; "))") }
        let figures = try store.figures()
        if figures.pinnedByteCount != 0 {
            Torture.fail("\(when): \(figures.pinnedByteCount) bytes are pinned")
        }
        for entry in try store.entries() {
            guard entry.isSealed, !entry.isDoomed else { Torture.fail("\(when): \(entry) is left") }
            guard let pin = try store.pin(entry.id), Content.isRight(entry.id, pin.bytes) else {
                Torture.fail("\(when): \(entry.id) is not what was put")
            }
        }
    }
}
