import CFloor
import Manta

/// Calls from where a cluster's own code calls: an actor on a lane of a worker.
distributed actor Caller: Spawnable {
    private var isStopped = false

    init(_ arguments: NoArguments, actorSystem: ClusterSystem) { self.actorSystem = actorSystem }

    /// Calls one after another; how many nanoseconds each took.
    distributed func latencies(of callee: Callee, count: Int) async throws -> [UInt64] {
        try await Calls.oneByOne(count) { try await callee.echo($0) }
    }

    /// The same with an argument of `byteCount` bytes.
    distributed func latencies(of callee: Callee, byteCount: Int, count: Int) async throws -> [UInt64] {
        let bytes = [UInt8](repeating: 7, count: byteCount)
        return try await Calls.oneByOne(count) { _ in try await callee.size(of: bytes) }
    }

    /// Calls one after another until told to stop; how many nanoseconds each took.
    distributed func latenciesUntilStopped(of callee: Callee) async throws -> [UInt64] {
        isStopped = false
        var nanoseconds: [UInt64] = []
        while !isStopped {
            let before = cfloor_now()
            _ = try await callee.echo(nanoseconds.count)
            nanoseconds.append(cfloor_now() - before)
        }
        return nanoseconds
    }

    distributed func stopCalling() { isStopped = true }

    /// Keeps `inFlight` calls under way until `count` have ended; how many nanoseconds that took.
    distributed func flood(_ callee: Callee, inFlight: Int, count: Int) async throws -> UInt64 {
        try await Calls.flood(callee, inFlight: inFlight, count: count)
    }

    /// The same, each with an argument of `byteCount` bytes, or a number for 0.
    distributed func flood(_ callee: Callee, byteCount: Int, inFlight: Int, count: Int) async throws -> UInt64
    {
        guard byteCount > 0 else { return try await Calls.flood(callee, inFlight: inFlight, count: count) }
        let bytes = [UInt8](repeating: 7, count: byteCount)
        return try await Calls.flood(inFlight: inFlight, count: count) { _ in
            _ = try await callee.size(of: bytes)
        }
    }

    /// Calls an actor of this process and lane, in batches of 100; how many nanoseconds a call took in each.
    ///
    /// In batches, because a single call takes about as long as reading the clock.
    distributed func localLatencies(batchCount: Int) async throws -> [UInt64] {
        let callee = try await neighbour()
        return try await Calls.oneByOne(batchCount) { batch in
            for call in 0..<100 { _ = try await callee.echo(batch + call) }
            return batch
        }.map { $0 / 100 }
    }

    /// An actor created here; lanes are given out in turn, so one of the first is on this actor's.
    private func neighbour() async throws -> Callee {
        for _ in 0..<64 {
            let callee = Callee(NoArguments(), actorSystem: actorSystem)
            if try await callee.thread() == Callee.currentThread { return callee }
        }
        throw BenchmarkError(description: "no actor of 64 is on the lane of the caller")
    }
}
