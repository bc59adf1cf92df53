public import Distributed

/// A distributed actor that the cluster can create, in any worker.
///
/// ```swift
/// distributed actor Counter: Spawnable {
///     struct Arguments: Codable, Sendable { var start: Int }
///     private var value: Int
///
///     init(_ arguments: Arguments, actorSystem: ClusterSystem) async throws {
///         self.actorSystem = actorSystem
///         value = arguments.start
///     }
///     distributed func increment(by step: Int) -> Int { value += step; return value }
/// }
/// ```
///
/// It lives on a lane, a thread that it shares with others unless it is spawned with ``Isolation/thread`` or
/// ``Isolation/process``. So its methods must neither block nor compute for long.
///
/// The type must be internal or public, and not local to a function, so that a worker finds it by name.
public protocol Spawnable: DistributedActor where ActorSystem == ClusterSystem {
    /// What `init` takes. Kept by the cluster as long as the actor lives.
    associatedtype Arguments: Codable & Sendable = NoArguments

    init(_ arguments: Arguments, actorSystem: ClusterSystem) async throws

    /// Called before the actor is ended in order: by `stop`, when its job or its node ends; not when it is
    /// killed or crashes. Calls in progress have ended by then, and no more are taken.
    ///
    /// It has the rest of the time that `stop` was given, and at least a second; then its task is cancelled
    /// and the actor is ended.
    func willStop() async
}

extension Spawnable {
    /// Does nothing.
    public func willStop() async {}

    /// The lane on which the actor lives.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        actorSystem.lane(for: id).asUnownedSerialExecutor()
    }
}

/// For actors that take no arguments.
public struct NoArguments: Codable, Hashable, Sendable {
    public init() {}
}
