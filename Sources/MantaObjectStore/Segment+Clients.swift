internal import CMantaShims
internal import Glibc
internal import MantaCore

/// Who has the store open, and who of them is alive.
///
/// Each opening locks a byte of the file. The system lets go of it when the last descriptor and mapping of that opening
/// are gone, whichever way the process ends.
extension Segment {
    /// Takes a slot that nobody has.
    func takeSlot(for process: ProcessID, patience: UInt64) throws(ClusterError) -> UInt32 {
        for slot in 0..<UInt32(StoreLayout.clientLimit) where !tables.client(slot).isTaken {
            // First the lock, so that a slot that is taken and not locked is one of the dead.
            guard manta_byte_lock(file, lockOffset(slot)) == 0 else { continue }
            try lockTables(patience: patience)
            let client = tables.client(slot)
            let isOurs = !client.isTaken
            if isOurs {
                client.process = process
                client.systemProcess = UInt32(bitPattern: getpid())
                client.turn &+= 1
                client.isTaken = true
            }
            unlockTables()
            if isOurs { return slot }
            manta_byte_unlock(file, lockOffset(slot))
        }
        throw ClusterError(
            .overloaded,
            "\(StoreLayout.clientLimit) processes have the object store open",
            hint: "limit the node's workers"
        )
    }

    /// Whether nothing of the client of a taken slot is left. Never so of one's own.
    func isDead(_ slot: UInt32) -> Bool { manta_byte_is_locked(file, lockOffset(slot)) == 0 }

    private func lockOffset(_ slot: UInt32) -> UInt64 {
        UInt64(layout.clientsOffset + Int(slot) * StoreLayout.clientByteCount)
    }
}
