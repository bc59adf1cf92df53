import MantaCore

/// What the incarnations hold on their nodes: `creating → held → ending → gone`, or to `gone` from each.
///
/// Those that are being created or are held follow from the records of their actors. One that ends may outlive its actor's
/// record, so these are what is stored of leases.
struct Leases: Sendable {
    private var leases: [ActorKey: Lease] = [:]
    /// Why the incarnations of an actor are being ended, by epoch: seldom more than one.
    private var endings: [ActorID: [UInt32: DeathCause]] = [:]
    /// The actors of which a lease began to end, or has ended.
    private(set) var changes: ChangeSet<ActorID>

    init(isStored: Bool) { changes = ChangeSet(isKept: isStored) }

    subscript(key: ActorKey) -> Lease? { leases[key] }

    var count: Int { leases.count }
    var all: [ActorKey: Lease] { leases }

    /// Those on a node, by number.
    func keys(on node: NodeID) -> [ActorKey] {
        leases.filter { $0.value.node == node }.keys.sorted {
            ($0.id.serial, $0.epoch) < ($1.id.serial, $1.epoch)
        }
    }

    /// A new one, of which nobody knows yet that it is to end.
    mutating func insert(_ key: ActorKey, _ lease: Lease) {
        precondition(leases[key] == nil && lease.state != .ending, "\(key) has a lease already, or none")
        leases[key] = lease
    }

    /// The incarnation is built.
    mutating func hold(_ key: ActorKey) { leases[key]?.state = .held }

    /// The incarnation is being ended.
    mutating func end(_ key: ActorKey, _ cause: DeathCause) {
        guard let lease = leases[key], lease.state != .ending else { return }
        leases[key]?.state = .ending
        endings[key.id, default: [:]][key.epoch] = cause
        changes.insert(key.id)
    }

    mutating func remove(_ key: ActorKey) -> Lease? {
        guard let lease = leases.removeValue(forKey: key) else { return nil }
        if lease.state == .ending {
            endings[key.id]?[key.epoch] = nil
            if endings[key.id]?.isEmpty == true { endings[key.id] = nil }
            changes.insert(key.id)
        }
        return lease
    }

    /// Why an incarnation is being ended; `nil` when it is not.
    func cause(of key: ActorKey) -> DeathCause? { endings[key.id]?[key.epoch] }

    /// The leases of an actor that are being ended.
    func ending(of id: ActorID) -> [(key: ActorKey, lease: Lease, cause: DeathCause)] {
        (endings[id] ?? [:]).sorted { $0.key < $1.key }.compactMap { epoch, cause in
            let key = ActorKey(id, epoch: epoch)
            return leases[key].map { (key, $0, cause) }
        }
    }

    mutating func takeChanges() -> Set<ActorID> { changes.take() }
}
