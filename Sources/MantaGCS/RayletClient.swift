package import MantaCore

/// What the GCS asks of a raylet. Each call may be made more than once: see ``Instruction``.
package protocol RayletClient: Sendable {
    func create(_ spec: ActorSpec) async throws -> CreationAnswer
    func end(_ actor: ActorKey, _ cause: DeathCause) async throws
    func stop(_ actor: ActorKey, _ cause: DeathCause, within limit: Duration) async throws
    /// Answers, if the raylet is there, and has it register again: its node is suspect.
    func probe() async throws
    /// Whether this raylet reaches another one.
    func reaches(_ raylet: ActorID) async throws -> Bool
    func storeFigures() async throws -> StoreFigures
    /// The copies of objects that its node has.
    func objects() async throws -> [ObjectInfo]
    /// The largest of them, at most so many, and how many there are.
    func objects(atMost limit: Int) async throws -> ObjectListing
    /// The logs that its node keeps.
    func logFiles() async throws -> [LogFileInfo]
    func log(_ name: String, after position: LogPosition?) async throws -> LogPiece
    func logTail(_ name: String, lineCount: Int) async throws -> LogPosition
}

extension RayletClient {
    // Of one that keeps no logs.

    package func logFiles() async throws -> [LogFileInfo] { [] }
    package func log(_ name: String, after position: LogPosition?) async throws -> LogPiece {
        throw ClusterError(.invalidArgument, "there is no log \(name)")
    }
    package func logTail(_ name: String, lineCount: Int) async throws -> LogPosition {
        throw ClusterError(.invalidArgument, "there is no log \(name)")
    }

    package func objects(atMost limit: Int) async throws -> ObjectListing {
        ObjectListing(try await objects()).largest(atMost: limit)
    }
}

/// What a raylet says of its node when it joins, and again when it comes back after it lost its link to the GCS.
package struct NodeRegistration: Sendable, Codable {
    package var id: NodeID
    package var address: String
    /// Where the raylet's process, and all of its node, is found.
    package var endpoint: Endpoint
    package var resources: Resources
    package var labels: [String: String]
    /// The raylet itself.
    package var raylet: ActorID
    /// The incarnations that it hosts or builds.
    package var hosted: [ActorKey]
    /// The executables that other raylets may fetch from it.
    package var programs: [ProgramID]

    package init(
        id: NodeID,
        address: String,
        endpoint: Endpoint,
        resources: Resources,
        labels: [String: String],
        raylet: ActorID,
        hosted: [ActorKey] = [],
        programs: [ProgramID] = []
    ) {
        self.id = id
        self.address = address
        self.endpoint = endpoint
        self.resources = resources
        self.labels = labels
        self.raylet = raylet
        self.hosted = hosted
        self.programs = programs
    }
}

/// What the GCS says to a raylet that registers.
package enum NodeAdmission: String, Sendable, Codable {
    case accepted
    /// The node was declared dead: it has to end its workers, and may join under a new identifier.
    case fenced
}
