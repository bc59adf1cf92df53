package import MantaCore

extension ObjectStore {
    /// Compares everything that the tables say twice, under the lock.
    ///
    /// - Returns: What is wrong, in words; nothing when every byte and every record is accounted for exactly once.
    package func audit() throws(ClusterError) -> [String] { try locked { $0.audit() } }

    /// How often the tables were computed anew, because a process died while it changed them.
    package var rebuildCount: Int { Int(tables.header.rebuildCount) }
}
