// All that a program needs from `import Manta`: the language's part, the values and errors of the API, the
// actor system.
@_exported public import Distributed
@_exported public import struct Logging.Logger
@_exported public import MantaCore
@_exported public import MantaRuntime

/// The actor system of every `distributed actor` that does not name another.
public typealias DefaultDistributedActorSystem = ClusterSystem
