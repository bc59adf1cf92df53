import MantaCore

/// What the incarnations hold on their nodes: `creating → held → ending → gone`, or to `gone` from each.
///
/// Those that are being created or are held follow from the records of their actors. One that ends may outlive its actor's
/// record, so these are what is stored of leases.
struct Leases: Sendable {
    private var leases: [ActorKey: Lease] = [:]
    /// The incarnations of each actor that are being ended: seldom more than one.
    private var endingEpochs: [ActorID: [UInt32]] = [:]
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

    mutating func insert(_ key: ActorKey, _ lease: Lease) {
        precondition(leases[key] == nil, "\(key) has a lease already")
        leases[key] = lease
        if lease.state == .ending { noteEnding(key) }
    }

    /// The incarnation is built.
    mutating func hold(_ key: ActorKey) { leases[key]?.state = .held }

    /// The incarnation is being ended.
    mutating func end(_ key: ActorKey, _ cause: DeathCause) {
        guard let lease = leases[key], lease.state != .ending else { return }
        leases[key]?.state = .ending
        leases[key]?.cause = cause
        noteEnding(key)
    }

    private mutating func noteEnding(_ key: ActorKey) {
        endingEpochs[key.id, default: []].append(key.epoch)
        changes.insert(key.id)
    }

    mutating func remove(_ key: ActorKey) -> Lease? {
        guard let lease = leases.removeValue(forKey: key) else { return nil }
        if lease.state == .ending {
            endingEpochs[key.id]?.removeAll { $0 == key.epoch }
            if endingEpochs[key.id]?.isEmpty == true { endingEpochs[key.id] = nil }
            changes.insert(key.id)
        }
        return lease
    }

    /// The leases of an actor that are being ended.
    func ending(of id: ActorID) -> [(key: ActorKey, lease: Lease)] {
        (endingEpochs[id] ?? []).compactMap { epoch in
            let key = ActorKey(id, epoch: epoch)
            return leases[key].map { (key, $0) }
        }
    }

    mutating func takeChanges() -> Set<ActorID> { changes.take() }
}
