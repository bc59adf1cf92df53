internal import CMantaShims
internal import Glibc
internal import MantaCore
internal import MantaObjectStore

/// Kills workers as fast as they can be started, half of them at random instants, and half after a random number of
/// stores, which is mostly while they have the lock.
struct RandomTorture {
    private let seed: UInt64
    private var random: SplitMix64
    private let store: ObjectStore
    private var lastProcess: UInt64 = 1 << 24
    private var kills = 0
    private var returned: [ProcessID] = []
    private static let childCount = 3

    /// The seed decides what the workers do, not when they are killed nor who comes first. The directory, where the store's
    /// memory comes from, may be of a file system that is too small.
    init(seed: UInt64, directory: String?) throws {
        self.seed = seed
        random = SplitMix64(seed: seed)
        var options = ObjectStore.Options(capacity: 16 << 20)
        if let directory { options.directory = directory }
        store = try ObjectStore.create(options, keeper: ProcessID(1 << 24))
    }

    mutating func run(seconds: Int) throws {
        print("seed \(seed)")
        let end = manta_now() + UInt64(seconds) * 1_000_000_000
        let parent = getppid()
        var children = (0..<Self.childCount).map { _ in start() }
        while manta_now() < end, getppid() == parent {
            // The keeper's own work takes a random time.
            do {
                try work()
            } catch let error as ClusterError where error.code == .storeFull {
                for victim in try store.victims(byteCount: 1 << 18) { try store.free(victim.id) }
            }
            let chosen = Int.random(in: children.indices, using: &random)
            for index in children.indices {
                if index == chosen {
                    children[index].signal(SIGKILL)
                } else if !children[index].hasEnded() {
                    continue
                }
                let end = children[index].end()
                guard end == .killed(SIGKILL) else { Torture.fail("seed \(seed): a worker ended: \(end)") }
                kills += 1
                children[index] = start()
                if kills % 64 == 0 { try check("after \(kills) kills") }
            }
        }
        for child in children {
            child.signal(SIGKILL)
            _ = child.end()
            kills += 1
        }
        try settle()
    }

    private mutating func start() -> Child {
        lastProcess += 1
        return Child([
            "work", store.address.path, String(store.address.capacity), String(lastProcess),
            String(random.next()),
            String(
                Bool.random(using: &random)
                    ? 0 : 1 + Int.random(in: 0..<1 << Int.random(in: 0...11, using: &random), using: &random)
            ),
        ])
    }

    private mutating func work() throws {
        for _ in 0..<Int.random(in: 0...40, using: &random) {
            switch Int.random(in: 0..<10, using: &random) {
            case 0: _ = try store.takeBackFromTheDead()
            case 1: _ = try store.figures()
            default:
                let id = ObjectID(creator: ProcessID(1 << 24), serial: random.next() % 64)
                if let pin = try store.pin(id) {
                    if !Content.isRight(id, pin.bytes) { Torture.fail("\(id) is not what was put") }
                    try store.free(id)
                } else if try !store.contains(id),
                    let reservation = try store.reserve(
                        id,
                        owner: ProcessID(1),
                        byteCount: Int.random(in: 0..<5_000, using: &random)
                    )
                {
                    Content.write(id, to: reservation.bytes)
                    try reservation.seal()
                }
            }
        }
    }

    private func check(_ when: String) throws {
        let faults = try store.audit()
        if !faults.isEmpty { Torture.fail("seed \(seed), \(when): \(faults.joined(separator: "; "))") }
    }

    /// Nobody but the keeper is left.
    private mutating func settle() throws {
        _ = try store.takeBackFromTheDead()
        try check("at the end")
        let figures = try store.figures()
        if figures.pinnedByteCount != 0 {
            Torture.fail("\(figures.pinnedByteCount) bytes are pinned by the dead")
        }
        let entries = try store.entries()
        for entry in entries {
            guard entry.isSealed, !entry.isDoomed, let pin = try store.pin(entry.id) else {
                Torture.fail("\(entry) is left")
            }
            if !Content.isRight(entry.id, pin.bytes) { Torture.fail("\(entry.id) is not what was put") }
            try store.free(entry.id)
        }
        try check("empty")
        let left = try store.figures()
        if left.usedByteCount != 0 || left.objectCount != 0 { Torture.fail("\(left) after all was freed") }
        print(
            "\(kills) killed, tables rebuilt \(store.rebuildCount) times, \(entries.count) objects were left"
        )
    }
}
