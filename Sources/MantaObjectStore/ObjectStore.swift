internal import Glibc
package import MantaCore
internal import Synchronization

/// One node's objects, as one process of the node sees them.
///
/// All processes of the node map one file in memory and change its tables themselves, under a lock that survives the
/// death of its holder; `Documentation/ObjectStore.md` tells how. One of them, the keeper, made the file and tidies up.
///
/// Every function may throw `overloaded` when a process that has the lock is stopped for two seconds, and `objectLost`
/// when a process has written where it must not.
package final class ObjectStore: Sendable {
    package let address: Address
    let segment: Segment
    /// The client slot of this opening.
    let slot: UInt32
    /// How long to wait for a lock, in nanoseconds.
    let patience: UInt64

    let pins = Mutex(LocalPins())
    private let debts = Mutex<[Debt]>([])
    private let hasDebts = Atomic(false)

    var tables: StoreTables { segment.tables }

    /// Takes a client slot.
    init(
        segment: Segment,
        address: Address,
        process: ProcessID,
        patience: Duration
    ) throws(ClusterError) {
        self.address = address
        self.segment = segment
        self.patience = UInt64(max(0, patience / .nanoseconds(1)))
        slot = try segment.takeSlot(for: process, patience: self.patience)
    }

    // Pins and reservations hold the store, so none is left.
    deinit {
        // A slot that cannot be given back now is taken back: the lock on it goes with the file.
        guard (try? segment.lockTables(patience: patience)) != nil else { return }
        for debt in debts.withLock({ $0 }) { pay(debt) }
        tables.client(slot).isTaken = false
        segment.unlockTables()
    }

    /// Makes the store of a node; this process keeps it.
    ///
    /// - Throws: `storeFull` when the system has no memory for its tables; `invalidArgument` for a capacity that is
    ///   none.
    package static func create(_ options: Options, keeper: ProcessID) throws(ClusterError) -> ObjectStore {
        try create(options, keeper: keeper, patience: Segment.patience)
    }

    /// The same with another time to wait for locks.
    package static func create(
        _ options: Options,
        keeper: ProcessID,
        patience: Duration
    ) throws(ClusterError) -> ObjectStore {
        guard (1...StoreLayout.capacityLimit).contains(options.capacity) else {
            throw ClusterError(
                .invalidArgument,
                "an object store cannot hold \(options.capacity) bytes",
                hint: "give it from 1 byte to \(StoreLayout.capacityLimit >> 40) TiB"
            )
        }
        let layout = StoreLayout(capacity: options.capacity)
        let segment = try Segment.make(layout, directory: options.directory, keeper: keeper)
        let address = Address(path: "/proc/\(getpid())/fd/\(segment.file)", capacity: layout.capacity)
        return try ObjectStore(segment: segment, address: address, process: keeper, patience: patience)
    }

    /// Opens a store that another process keeps.
    ///
    /// - Throws: `notConnected` when the keeper has ended; `incompatible` when this is no store that this program
    ///   can use; `overloaded` when 1,024 processes have it open.
    package static func open(
        _ address: Address,
        as process: ProcessID
    ) throws(ClusterError) -> ObjectStore {
        try open(address, as: process, patience: Segment.patience)
    }

    /// The same with another time to wait for locks.
    package static func open(
        _ address: Address,
        as process: ProcessID,
        patience: Duration
    ) throws(ClusterError) -> ObjectStore {
        let segment = try Segment.open(address)
        return try ObjectStore(segment: segment, address: address, process: process, patience: patience)
    }

    // MARK: The lock

    /// Runs `body` with the tables locked: it must be short, and must not wait.
    func locked<Value>(_ body: (StoreTables) -> Value) throws(ClusterError) -> Value {
        try segment.lockTables(patience: patience)
        let value = body(tables)
        segment.unlockTables()
        if hasDebts.load(ordering: .relaxed) { payDebts() }
        return value
    }

    /// Gives something back, now or when the lock can be had again.
    func settle(_ debt: Debt) {
        // While something is owed, whoever has the lock is stopped: the first waits for it, a thousand others need not.
        let patience = hasDebts.load(ordering: .relaxed) ? 0 : patience
        guard (try? segment.lockTables(patience: patience)) != nil else { return owe([debt]) }
        pay(debt)
        segment.unlockTables()
    }

    private func owe(_ due: [Debt]) {
        debts.withLock { debts in
            debts += due
            hasDebts.store(true, ordering: .relaxed)
        }
    }

    private func payDebts() {
        let due = debts.withLock { debts in
            hasDebts.store(false, ordering: .relaxed)
            let due = debts
            debts = []
            return due
        }
        guard (try? segment.lockTables(patience: 0)) != nil else { return owe(due) }
        due.forEach(pay)
        segment.unlockTables()
    }

    /// Under the lock.
    private func pay(_ debt: Debt) {
        switch debt {
        case .pin(let node): tables.removePin(node)
        case .reservation(let record): tables.remove(record)
        }
    }
}
