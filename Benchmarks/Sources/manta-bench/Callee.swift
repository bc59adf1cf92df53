import Glibc
import Manta

/// What is called.
distributed actor Callee: Spawnable {
    init(_ arguments: NoArguments, actorSystem: ClusterSystem) { self.actorSystem = actorSystem }

    distributed func echo(_ value: Int) -> Int { value }

    distributed func size(of bytes: [UInt8]) -> Int { bytes.count }

    distributed func process() -> Int32 { getpid() }

    /// The thread of the actor's lane.
    distributed func thread() -> UInt { Self.currentThread }

    static var currentThread: UInt { UInt(pthread_self()) }
}
