import Glibc
import Manta

/// What is called.
distributed actor Callee: Spawnable {
    private var holdCount = 0

    /// How many calls of `hold` are under way.
    distributed var heldCount: Int { holdCount }

    init(_ arguments: NoArguments, actorSystem: ClusterSystem) { self.actorSystem = actorSystem }

    distributed func echo(_ value: Int) -> Int { value }

    distributed func size(of bytes: [UInt8]) -> Int { bytes.count }

    distributed func process() -> Int32 { getpid() }

    /// Returns when its caller has given up, or after ten minutes.
    distributed func hold() async throws {
        holdCount += 1
        defer { holdCount -= 1 }
        try await Task.sleep(for: .seconds(600))
    }

    /// The thread of the actor's lane.
    distributed func thread() -> UInt { Self.currentThread }

    static var currentThread: UInt { UInt(pthread_self()) }
}
