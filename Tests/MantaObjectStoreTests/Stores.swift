import CMantaShims
import MantaCore
import MantaObjectStore
import MantaTestSupport
import Testing

let anyOwner = ProcessID(0x0e)

/// A store of a test's own, with as many clients as it wants.
final class Stores {
    let keeper: ObjectStore
    private var lastSerial: UInt64 = 0
    private var lastClient: UInt64 = 0x100

    init(capacity: Int, directory: String = "/dev/shm") throws {
        var options = ObjectStore.Options(capacity: capacity)
        options.directory = directory
        keeper = try ObjectStore.create(options, keeper: ProcessID(0x100))
    }

    func open() throws -> ObjectStore {
        lastClient += 1
        return try ObjectStore.open(keeper.address, as: ProcessID(lastClient))
    }

    func newID() -> ObjectID {
        lastSerial += 1
        return ObjectID(creator: ProcessID(1), serial: lastSerial)
    }

    /// Puts an object, filled by the seed 0.
    @discardableResult
    func put(
        _ id: ObjectID? = nil,
        byteCount: Int,
        owner: ProcessID = anyOwner,
        role: ObjectStore.Role = .primary
    ) throws -> ObjectID {
        let id = id ?? newID()
        let reservation = try #require(
            try keeper.reserve(id, owner: owner, byteCount: byteCount, role: role)
        )
        fill(reservation.bytes, seed: 0)
        try reservation.seal()
        return id
    }

    /// What the audit finds, and whether the sums agree with the entries.
    func faults() throws -> [String] {
        var faults = try keeper.audit()
        let figures = try keeper.figures()
        let entries = try keeper.entries()
        if figures.usedByteCount != entries.map(\.allocatedByteCount).reduce(0, +) {
            faults.append("the entries do not add up to \(figures.usedByteCount)")
        }
        if figures.objectCount != entries.count { faults.append("not \(figures.objectCount) entries") }
        return faults
    }
}

/// Bytes that tell their place and their seed.
func fill(_ bytes: UnsafeMutableRawBufferPointer, seed: Int) {
    for index in bytes.indices { bytes[index] = pattern(index, seed) }
}

func isFilled(_ bytes: UnsafeRawBufferPointer, seed: Int) -> Bool {
    bytes.indices.allSatisfy { bytes[$0] == pattern($0, seed) }
}

private func pattern(_ index: Int, _ seed: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: index &* 31 &+ index >> 8 &+ seed &* 131 &+ 7)
}

/// Expects an error of the cluster with that code.
func expectError<Value>(
    _ code: ClusterError.Code,
    at location: SourceLocation = #_sourceLocation,
    _ body: () throws -> Value
) {
    #expect(sourceLocation: location) {
        _ = try body()
    } throws: { error in
        (error as? ClusterError)?.code == code
    }
}
