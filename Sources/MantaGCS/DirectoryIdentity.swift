package import MantaCore

/// Whose directory it is. It stays the same when the head is started again or moves, so what others hold stays valid.
package struct DirectoryIdentity: Hashable, Sendable, Codable {
    /// The scope of the identifiers that the directory makes.
    package var cluster: UInt64
    /// The process in which the GCS is, whichever it is at a time.
    package var process: ProcessID
    /// How often a head has begun to serve the directory.
    package var epoch: UInt64

    package init(cluster: UInt64, process: ProcessID, epoch: UInt64) {
        self.cluster = cluster
        self.process = process
        self.epoch = epoch
    }

    /// Of a directory that has never been served.
    package static func new() -> DirectoryIdentity {
        DirectoryIdentity(cluster: .random(in: 1 ... .max), process: .newHost(), epoch: 0)
    }
}

extension DirectoryStorage {
    /// Reads the directory as its new head, whose epoch is one higher than that of the last; a new directory if there is none.
    ///
    /// - Throws: ``ClusterError`` when what is stored is no directory, or one that this version cannot read.
    package func begin() async throws -> StoredDirectory {
        var stored = try StoredDirectory(try await load())
        stored.identity.epoch += 1
        try await commit([try stored.identity.entry])
        return stored
    }
}
