package import MantaCore

/// What a GCS is given whose directory is to outlive it.
package struct DurableDirectory: Sendable {
    /// Where it is kept.
    package var storage: any DirectoryStorage
    /// What an earlier life has left there: see ``DirectoryStorage/begin()``.
    package var stored: StoredDirectory
    /// How long nodes and drivers have to come back.
    package var recovery: Duration
    /// Called once, on the control lane, when the storage fails or another head has taken over. The GCS serves no longer then:
    /// its process has to end, or it and the next head would both decide.
    package var onStorageLost: @Sendable (ClusterError) -> Void

    package init(
        storage: any DirectoryStorage,
        stored: StoredDirectory,
        recovery: Duration = ControlPlane.recovery,
        onStorageLost: @escaping @Sendable (ClusterError) -> Void
    ) {
        self.storage = storage
        self.stored = stored
        self.recovery = recovery
        self.onStorageLost = onStorageLost
    }
}
