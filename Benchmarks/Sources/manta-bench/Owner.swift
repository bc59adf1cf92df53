import CFloor
import Manta

/// Makes objects, and calls a `Reader` with them.
distributed actor Owner: Spawnable {
    /// One for each size in use: an array that is made anew would pay for its pages.
    private var arrays: [Int: [UInt8]] = [:]
    private var seed: UInt64 = 1

    init(_ arguments: NoArguments, actorSystem: ClusterSystem) { self.actorSystem = actorSystem }

    distributed func put(_ content: Content, byteCount: Int) async throws -> ObjectRef<[UInt8]> {
        try await actorSystem.put(array(of: content, byteCount))
    }

    /// Puts the same array again and again, and drops each reference before the next; how many nanoseconds all took.
    distributed func putAndDrop(byteCount: Int, count: Int) async throws -> UInt64 {
        let bytes = array(of: .random, byteCount)
        let before = cfloor_now()
        for _ in 0..<count { _ = try await actorSystem.put(bytes) }
        return cfloor_now() - before
    }

    /// Puts different random bytes each time; how many nanoseconds the puts took together. `keeping` keeps all objects
    /// until the last one is made, so that each takes memory of its own.
    distributed func putRandom(byteCount: Int, count: Int, keeping: Bool) async throws -> UInt64 {
        var (nanoseconds, kept) = (UInt64(0), [ObjectRef<[UInt8]>]())
        for _ in 0..<count {
            let bytes = array(of: .random, byteCount)
            let before = cfloor_now()
            let ref = try await actorSystem.put(bytes)
            nanoseconds += cfloor_now() - before
            if keeping { kept.append(ref) }
        }
        return nanoseconds
    }

    /// Has `reader` read `count` new objects, each once; how many nanoseconds each took.
    distributed func firstReads(by reader: Reader, byteCount: Int, count: Int) async throws -> [UInt64] {
        let bytes = array(of: .random, byteCount)
        var refs: [ObjectRef<[UInt8]>] = []
        for _ in 0..<count { refs.append(try await actorSystem.put(bytes)) }
        return try await reader.get(refs)
    }

    /// Calls `reader` one call after another with this many bytes; how many nanoseconds each call took, with the making of
    /// its object where it has one of its own.
    distributed func latencies(
        of reader: Reader,
        byteCount: Int,
        _ passing: Passing,
        count: Int
    ) async throws -> [UInt64] {
        let bytes = array(of: .random, byteCount)
        switch passing {
        case .byValue: return try await Calls.oneByOne(count) { _ in try await reader.touch(value: bytes) }
        case .byReference:
            let ref = try await actorSystem.put(bytes)
            return try await Calls.oneByOne(count) { _ in try await reader.touch(object: ref) }
        case .byOwnReference:
            return try await Calls.oneByOne(count) { _ in
                try await reader.touch(object: actorSystem.put(bytes))
            }
        }
    }

    /// Keeps `inFlight` calls with this many bytes by value under way until `count` have ended; how many nanoseconds that took.
    distributed func flood(_ reader: Reader, byteCount: Int, inFlight: Int, count: Int) async throws -> UInt64
    {
        let bytes = array(of: .random, byteCount)
        let before = cfloor_now()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<inFlight {
                group.addTask {
                    for _ in 0..<(count / inFlight) { _ = try await reader.touch(value: bytes) }
                }
            }
            try await group.waitForAll()
        }
        return cfloor_now() - before
    }

    private func array(of content: Content, _ byteCount: Int) -> [UInt8] {
        seed += 1
        content.fill(&arrays[byteCount, default: [UInt8](repeating: 0, count: byteCount)], seed: seed)
        return arrays[byteCount, default: []]
    }
}
