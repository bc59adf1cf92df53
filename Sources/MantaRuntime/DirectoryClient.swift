package import MantaCore

/// What the actor system asks the directory.
package protocol DirectoryClient: Sendable {
    /// Where `actor` is, or why it is nowhere. Waits while it is being placed or restarted, but not for long.
    func fate(of actor: ActorID) async throws -> ActorFate
    /// The same, after the link to `process` was lost: waits, but not for long, until the directory knows
    /// what became of it.
    func fate(of actor: ActorID, afterLosing process: ProcessID) async throws -> ActorFate
}
