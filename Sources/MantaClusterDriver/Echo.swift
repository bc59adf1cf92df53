import Manta

/// Answers, and asks others.
distributed actor Echo: Spawnable {
    init(_ arguments: NoArguments, actorSystem: ClusterSystem) async throws { self.actorSystem = actorSystem }

    distributed func echo(_ text: String) -> String { text }

    distributed func relay(_ text: String, to other: Echo) async throws -> String {
        try await other.echo(text)
    }
}
