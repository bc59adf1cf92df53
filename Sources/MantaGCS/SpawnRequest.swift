package import MantaCore
package import MantaRuntime

/// What a caller of `spawn` sends to the GCS.
package struct SpawnRequest: Sendable, Codable {
    package var mangledTypeName: String
    package var typeName: String
    package var arguments: [UInt8]
    /// With its namespace.
    package var options: ActorOptions
    /// Tells this request from all others, also when it is sent again: it is carried out once.
    package var number: UInt64
    /// The node that has most of what the arguments refer to: the best one for the first incarnation, if it has room.
    package var near: NodeID?
    /// The process that asks.
    package var caller: ProcessID
    /// The actor whose method asks.
    package var spawner: ActorKey?

    package init(
        mangledTypeName: String,
        typeName: String,
        arguments: [UInt8],
        options: ActorOptions,
        caller: ProcessID,
        spawner: ActorKey? = nil
    ) {
        self.mangledTypeName = mangledTypeName
        self.typeName = typeName
        self.arguments = arguments
        self.options = options
        self.caller = caller
        number = .random(in: 1 ... .max)
        self.spawner = spawner
    }
}

/// How a spawn ended for its caller.
package enum SpawnOutcome: Sendable, Codable {
    case created(ActorID, ActorLocation)
    /// The actor's initialiser threw this.
    case initFailed(RemoteFailure)
}

/// What the directory says of a name, or of the actor that `getOrSpawn` has found or made.
package struct FoundActor: Sendable, Codable {
    package var id: ActorID
    package var mangledTypeName: String
    package var typeName: String
    /// `nil` while it restarts.
    package var location: ActorLocation?
    /// From where to follow the feed, which tells when the name means somebody else.
    package var cursor: UInt64
}

/// What `getOrSpawn` came to.
package enum FoundOrFailed: Sendable, Codable {
    case found(FoundActor)
    /// The initialiser of the actor that was spawned under the name threw this.
    case initFailed(RemoteFailure)
}
