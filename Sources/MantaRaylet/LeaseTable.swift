package import MantaCore
package import MantaGCS
internal import MantaScheduling

/// The incarnations that hold resources of a node: `building → running → gone`, or `building → gone`.
///
/// Pure. Instructions may come more than once and in any order, so the table says what is left to do for each,
/// and remembers what is gone: an `end` that overtakes its `create` still prevents it.
package struct LeaseTable {
    package struct Lease {
        package let spec: ActorSpec
        /// What became of its building; `nil` while it is being built.
        package fileprivate(set) var answer: CreationAnswer?
        /// Why it is to end; `nil` while it is not.
        package fileprivate(set) var ending: DeathCause?
    }

    private var leases: [ActorID: Lease] = [:]
    private var ledger: NodeLedger
    /// The newest incarnation that is gone, or was ended before it came, of each of the last actors; and of those
    /// before them.
    private var goneEpochs: [ActorID: UInt32] = [:]
    private var earlierGoneEpochs: [ActorID: UInt32] = [:]
    private let goneLimit: Int

    package init(total: Resources, goneLimit: Int = 10_000) {
        ledger = NodeLedger(total: total)
        self.goneLimit = goneLimit
    }

    package var available: Resources { ledger.available }
    package var count: Int { leases.count }
    /// Those that are built, by number.
    package var running: [ActorKey] {
        leases.values.filter { $0.answer != nil }.map(\.spec.key).sorted { $0.id.serial < $1.id.serial }
    }
    /// All of them, by number.
    package var all: [ActorKey] { leases.values.map(\.spec.key).sorted { $0.id.serial < $1.id.serial } }

    package subscript(key: ActorKey) -> Lease? { leases[key.id].flatMap { $0.spec.key == key ? $0 : nil } }

    /// The lease of whatever incarnation of an actor is here.
    package func lease(of actor: ActorID) -> Lease? { leases[actor] }

    package enum OnCreate {
        /// Its resources are taken: build it.
        case build
        /// It is being built: the answer is the same.
        case wait
        case answer(CreationAnswer)
    }

    package mutating func create(_ spec: ActorSpec) -> OnCreate {
        if let lease = self[spec.key] { return lease.answer.map { .answer($0) } ?? .wait }
        if let gone = goneEpoch(of: spec.id), gone >= spec.epoch { return .answer(.ended(.fenced)) }
        if let older = leases[spec.id] {
            return .answer(
                .refused(refusal("the node still has \(older.spec.key), and \(spec.key) cannot be beside it"))
            )
        }
        guard ledger.acquire(spec.options.resources) else {
            return .answer(
                .refused(
                    refusal(
                        "the node has \(ledger.available) left, and \(spec.label) asks for \(spec.options.resources)"
                    )
                )
            )
        }
        leases[spec.id] = Lease(spec: spec)
        return .build
    }

    package enum OnBuilt {
        /// It lives.
        case runs
        /// It was told to end meanwhile, or could not be built: it is to be taken away, then `gone`.
        case ends
    }

    /// Building has come to this.
    package mutating func built(_ key: ActorKey, _ answer: CreationAnswer) -> OnBuilt {
        guard let lease = self[key] else { preconditionFailure("\(key) was built without a lease") }
        guard case .created = answer, lease.ending == nil else { return .ends }
        leases[key.id]?.answer = answer
        return .runs
    }

    package enum OnEnd {
        /// Nothing is here, and nothing will be.
        case nothing
        /// It is being built: that is to be cut short, and it is gone when that has ended.
        case cutShort
        case takeAway
        /// It is ending already.
        case wait
    }

    package mutating func end(_ key: ActorKey, _ cause: DeathCause) -> OnEnd {
        guard let lease = self[key] else {
            // What is not there now must not come later either, whatever incarnation is there.
            remember(key)
            return .nothing
        }
        guard lease.ending == nil else { return .wait }
        leases[key.id]?.ending = cause
        return lease.answer == nil ? .cutShort : .takeAway
    }

    /// Gives back what an incarnation held, once.
    ///
    /// - Returns: Whether it was here.
    package mutating func gone(_ key: ActorKey) -> Bool {
        guard let lease = self[key] else { return false }
        leases[key.id] = nil
        ledger.release(lease.spec.options.resources)
        remember(key)
        return true
    }

    private func goneEpoch(of actor: ActorID) -> UInt32? { goneEpochs[actor] ?? earlierGoneEpochs[actor] }

    private mutating func remember(_ key: ActorKey) {
        goneEpochs[key.id] = max(goneEpoch(of: key.id) ?? 0, key.epoch)
        // So those of the last `goneLimit` actors are kept, and fewer than twice as many.
        if goneEpochs.count >= goneLimit { (earlierGoneEpochs, goneEpochs) = (goneEpochs, [:]) }
    }

    private func refusal(_ why: String) -> ClusterError {
        ClusterError(.overloaded, why, outcome: .notExecuted)
    }
}
