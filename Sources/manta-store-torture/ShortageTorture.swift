internal import CMantaShims
internal import Glibc
internal import MantaCore
internal import MantaObjectStore

/// Kills a process after each store that it makes while the tables of a store take memory back that was prepared for data,
/// because the file system has no other.
struct ShortageTorture {
    /// As many as the first step of records has room for, with some left for what the process puts.
    private static let objectCount = 508
    static let putCount = 6
    private let directory: String

    init(directory: String) { self.directory = directory }

    /// The process that is killed.
    static func put(_ address: ObjectStore.Address) throws {
        let store = try ObjectStore.open(address, as: Script.process)
        for serial in 1...putCount { try put(store, Script.process, serial) }
        print("steps \(Steps.count)")
    }

    private static func put(_ store: ObjectStore, _ creator: ProcessID, _ serial: Int) throws {
        let id = ObjectID(creator: creator, serial: UInt64(serial))
        guard let reservation = try store.reserve(id, owner: creator, byteCount: 64) else {
            Torture.fail("\(id) does not fit")
        }
        Content.write(id, to: reservation.bytes)
        try reservation.seal()
    }

    func run() throws {
        var step = 0
        var count = 1
        while step <= count {
            let (store, rest) = try scarceStore()
            defer { manta_close(rest) }
            let child = Child(
                ["shortage", store.address.path, String(store.address.capacity), String(step)],
                isRead: step == 0
            )
            if step == 0 {
                guard let text = child.read().split(separator: " ").last, let steps = Int(text.dropLast())
                else {
                    Torture.fail("there is not enough memory to begin with")
                }
                count = steps
            }
            guard child.end() == (step == 0 ? .exited(0) : .killed(SIGKILL)) else {
                Torture.fail("shortage, step \(step): not reached")
            }
            try check(store, step)
            step += 1
        }
        print("\(count) steps while memory is short")
    }

    /// A store that has all memory of the file system but for what a file takes that is open.
    private func scarceStore() throws -> (store: ObjectStore, rest: Int32) {
        var options = ObjectStore.Options(capacity: 64 << 20)
        options.directory = directory
        let keeper = ProcessID(1 << 24)
        let store = try ObjectStore.create(options, keeper: keeper)
        for serial in 1...Self.objectCount { try Self.put(store, keeper, serial) }
        guard store.prepare(byteCount: .max) > 0 else { Torture.fail("nothing is prepared") }
        let rest = manta_unnamed_file(directory)
        var offset: UInt64 = 0
        while manta_file_reserve(rest, offset, 4_096) == 0 { offset += 4_096 }
        return (store, rest)
    }

    private func check(_ store: ObjectStore, _ step: Int) throws {
        _ = try store.takeBackFromTheDead()
        let faults = try store.audit()
        if !faults.isEmpty { Torture.fail("shortage, step \(step): \(faults.joined(separator: "; "))") }
        let count = try store.figures().objectCount
        guard (Self.objectCount...Self.objectCount + Self.putCount).contains(count) else {
            Torture.fail("shortage, step \(step): \(count) objects")
        }
        // There is memory for a thousand more, wherever the other was on its way to it.
        for serial in 10_001...11_000 { try Self.put(store, Script.process, serial) }
        for entry in try store.entries() {
            guard let pin = try store.pin(entry.id), Content.isRight(entry.id, pin.bytes) else {
                Torture.fail("shortage, step \(step): \(entry.id) is not what was put")
            }
        }
    }
}
