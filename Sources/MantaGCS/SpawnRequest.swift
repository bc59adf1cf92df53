package import MantaCore
package import MantaRuntime

/// What a caller of `spawn` sends to the GCS.
package struct SpawnRequest: Sendable, Codable {
    package var mangledTypeName: String
    package var typeName: String
    package var arguments: [UInt8]
    package var options: ActorOptions

    package init(mangledTypeName: String, typeName: String, arguments: [UInt8], options: ActorOptions) {
        self.mangledTypeName = mangledTypeName
        self.typeName = typeName
        self.arguments = arguments
        self.options = options
    }
}

/// How a spawn, or a raylet's part in it, ended.
package enum SpawnOutcome: Sendable, Codable {
    case created(ActorID, ActorLocation, operatingSystemID: Int32)
    /// The actor's initialiser threw this.
    case initFailed(RemoteFailure)
}

/// What the GCS asks of a raylet.
package protocol RayletClient: Sendable {
    /// Creates an actor, whose resources the GCS has reserved.
    func create(_ spec: ActorSpec) async throws -> SpawnOutcome
    /// Ends an actor at once.
    func end(_ actor: ActorID, _ cause: DeathCause) async throws
}

/// What a raylet says of its node when it joins.
package struct NodeRegistration: Sendable, Codable {
    package var id: NodeID
    package var address: String
    package var resources: Resources
    package var labels: [String: String]
    /// The raylet itself.
    package var raylet: ActorID

    package init(id: NodeID, address: String, resources: Resources, labels: [String: String], raylet: ActorID)
    {
        self.id = id
        self.address = address
        self.resources = resources
        self.labels = labels
        self.raylet = raylet
    }
}
