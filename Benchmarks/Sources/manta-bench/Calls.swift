import CFloor
import Manta

/// The loops that are measured, the same for a caller on a lane and one on the pool.
enum Calls {
    /// Calls one after another, without leaving the isolation of who asks; how many nanoseconds each took.
    static func oneByOne(
        _ count: Int,
        isolation: isolated (any Actor)? = #isolation,
        _ call: (Int) async throws -> Int
    ) async throws -> [UInt64] {
        var nanoseconds: [UInt64] = []
        nanoseconds.reserveCapacity(count)
        var before = cfloor_now()
        for index in 0..<count {
            _ = try await call(index)
            let after = cfloor_now()
            nanoseconds.append(after - before)
            before = after
        }
        return nanoseconds
    }

    /// Keeps `inFlight` calls under way, each from a child task of its own, until `count` have ended; how
    /// many nanoseconds that took.
    static func flood(_ callee: Callee, inFlight: Int, count: Int) async throws -> UInt64 {
        try await flood(inFlight: inFlight, count: count) { _ = try await callee.echo($0) }
    }

    /// The same with any call.
    static func flood(
        inFlight: Int,
        count: Int,
        _ call: @escaping @Sendable (Int) async throws -> Void
    ) async throws -> UInt64 {
        let before = cfloor_now()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<inFlight {
                group.addTask {
                    for index in 0..<(count / inFlight) { try await call(index) }
                }
            }
            try await group.waitForAll()
        }
        return cfloor_now() - before
    }
}
