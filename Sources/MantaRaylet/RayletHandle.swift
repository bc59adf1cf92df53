package import MantaCore
package import MantaGCS

/// A raylet, for the GCS.
package struct RayletHandle: RayletClient {
    private let raylet: Raylet

    package init(_ raylet: Raylet) { self.raylet = raylet }

    package func create(_ spec: ActorSpec) async throws -> CreationAnswer { try await raylet.create(spec) }
    package func end(_ actor: ActorKey, _ cause: DeathCause) async throws {
        try await raylet.end(actor, cause)
    }
    package func stop(_ actor: ActorKey, _ cause: DeathCause, within limit: Duration) async throws {
        try await raylet.stop(actor, cause, within: limit)
    }
    package func probe() async throws { try await raylet.probe() }
    package func reaches(_ raylet: ActorID) async throws -> Bool { try await self.raylet.reaches(raylet) }
    package func storeFigures() async throws -> StoreFigures { try await raylet.storeFigures() }
    package func objects() async throws -> [ObjectInfo] { try await raylet.objects() }
    package func objects(atMost limit: Int) async throws -> ObjectListing {
        try await raylet.largestObjects(atMost: limit)
    }
    package func logFiles() async throws -> [LogFileInfo] { try await raylet.logFiles() }
    package func log(_ name: String, after position: LogPosition?) async throws -> LogPiece {
        try await raylet.log(name, after: position)
    }
    package func logTail(_ name: String, lineCount: Int) async throws -> LogPosition {
        try await raylet.logTail(name, lineCount: lineCount)
    }
}
