import CFloor
import Manta

/// Reads objects that others have made.
distributed actor Reader: Spawnable {
    init(_ arguments: NoArguments, actorSystem: ClusterSystem) { self.actorSystem = actorSystem }

    distributed func touch(value bytes: [UInt8]) -> Int { bytes.span.bytes.ends }

    distributed func touch(object: ObjectRef<[UInt8]>) async throws -> Int {
        try await object.withSpan { $0.bytes.ends }
    }

    /// Each once; how many nanoseconds each took.
    distributed func get(_ objects: [ObjectRef<[UInt8]>]) async throws -> [UInt64] {
        try await Calls.oneByOne(objects.count) { try await objects[$0].get().count }
    }

    /// The same one again and again, in batches of 10; how many nanoseconds one took in each.
    distributed func getAgain(_ object: ObjectRef<[UInt8]>, batchCount: Int) async throws -> [UInt64] {
        try await Calls.oneByOne(batchCount) { _ in
            for _ in 0..<10 { _ = try await object.get() }
            return 0
        }.map { $0 / 10 }
    }

    /// Reads the first and the last byte where they lie; how many nanoseconds that took each time.
    distributed func spans(of object: ObjectRef<[UInt8]>, count: Int) async throws -> [UInt64] {
        try await Calls.oneByOne(count) { _ in try await object.withSpan { $0.bytes.ends } }
    }

    /// How many nanoseconds it takes until the object can be read here.
    distributed func pull(_ object: ObjectRef<[UInt8]>) async throws -> UInt64 {
        let before = cfloor_now()
        _ = try await object.withSpan { $0.bytes.ends }
        return cfloor_now() - before
    }
}

extension RawSpan {
    /// The first byte and the last one, added: proof that both can be read.
    fileprivate var ends: Int {
        isEmpty
            ? 0
            : Int(unsafeLoad(as: UInt8.self))
                + Int(unsafeLoad(fromByteOffset: byteCount - 1, as: UInt8.self))
    }
}
