internal import CMantaShims
internal import Glibc
internal import MantaCore

extension Segment {
    /// A lock is held for some hundred nanoseconds, that of growth for some 100 ms: who cannot have it for so long, and sees
    /// no growth meanwhile, waits for a process that is stopped.
    static let patience = Duration.seconds(2)

    /// Locks the tables; every success is followed by `unlockTables`.
    func lockTables(patience: UInt64) throws(ClusterError) {
        let header = header
        switch manta_shared_lock(header.tableLock, patience) {
        case 0: break
        case 1:
            // The next in line is told the same when this process dies in here.
            header.tableLockHolder = UInt32(bitPattern: getpid())
            if !tables.rebuild() { header.isBroken = true }
            manta_shared_lock_repaired(header.tableLock)
        case -ETIMEDOUT: throw stuck(holder: header.tableLockHolder, patience: patience)
        default: throw broken()
        }
        header.tableLockHolder = processNumber
        if header.isBroken {
            manta_shared_unlock(header.tableLock)
            throw broken()
        }
    }

    func unlockTables() { manta_shared_unlock(header.tableLock) }

    /// Runs `body` with the lock of growth. What it guards are watermarks that rise after the memory came and fall
    /// before it goes, so there is nothing to repair when its holder dies.
    func growing(patience: UInt64, _ body: () -> Int32) throws(ClusterError) -> Int32 {
        let lock = header.growthLock
        var seen: UInt64
        var code: Int32
        repeat {
            seen = watermarks
            code = manta_shared_lock(lock, patience)
            // A crowd has it one after another, for some 100 ms each: only who gets nothing done is stopped.
        } while code == -ETIMEDOUT && watermarks != seen
        switch code {
        case 0: break
        case 1: manta_shared_lock_repaired(lock)
        case -ETIMEDOUT: throw stuck(holder: header.growthLockHolder, patience: patience)
        default: throw broken()
        }
        header.growthLockHolder = processNumber
        defer { manta_shared_unlock(lock) }
        return body()
    }

    private func stuck(holder: UInt32, patience: UInt64) -> ClusterError {
        ClusterError(
            .overloaded,
            "the object store is locked by the process \(holder), for longer than \(Duration.nanoseconds(patience))",
            hint: "see whether that process is stopped (kill -CONT \(holder)), or end it"
        )
    }

    private func broken() -> ClusterError {
        ClusterError(
            .objectLost,
            "the tables of the object store contradict themselves: a process wrote into memory that is not its own",
            hint: "restart the node"
        )
    }
}

/// The system's number of this process. Asked once: the system call would be a good part of a critical section.
private let processNumber = UInt32(bitPattern: getpid())
