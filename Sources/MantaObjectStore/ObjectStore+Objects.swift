internal import CMantaShims
package import MantaCore
internal import Synchronization

extension ObjectStore {
    /// Makes room for an object.
    ///
    /// Takes about a microsecond where memory is there from freed objects; else the system has to find some first,
    /// and clears it when it is written: 0.1 to 0.5 s for 100 MiB.
    ///
    /// - Parameters:
    ///   - id: Of an object that is not here; one that is doomed is not.
    ///   - owner: Whose object it is.
    ///   - byteCount: The size that it will have.
    ///   - lead: From 0 to 63: the object begins so many bytes behind a 64-byte boundary.
    ///   - role: Whether it may be evicted.
    ///   - holdsReferences: Kept for who reads it.
    /// - Returns: `nil` when it does not fit now, but could if others were freed.
    /// - Throws: `storeFull` when it can never fit, or the system has no memory; `invalidArgument` when an object of
    ///   that id is here.
    package func reserve(
        _ id: ObjectID,
        owner: ProcessID,
        byteCount: Int,
        lead: Int = 0,
        role: Role = .primary,
        holdsReferences: Bool = false
    ) throws(ClusterError) -> Reservation? {
        guard byteCount >= 0, (0..<StoreLayout.alignment).contains(lead) else {
            throw ClusterError(
                .invalidArgument,
                "\(byteCount) bytes, \(lead) behind a boundary, are no size and place of an object"
            )
        }
        guard byteCount <= address.capacity,
            StoreLayout.extent(lead: lead, byteCount: byteCount) <= address.capacity
        else {
            throw ClusterError(
                .storeFull,
                "\(id) has \(byteCount) bytes, the whole object store \(address.capacity)",
                hint: "give the node a larger store, or make several objects of it"
            )
        }
        let traits = ObjectTraits(lead: lead, role: role, holdsReferences: holdsReferences)
        let now = Moment(nanoseconds: manta_now())
        while true {
            let records = segment.reserved(.records)
            let reserved = try locked { tables in
                tables.reserve(id, owner: owner, byteCount: byteCount, traits: traits, writer: slot, now: now)
            }
            switch reserved {
            case .at(let record): return try back(record, id: id, byteCount: byteCount, lead: lead)
            case .doesNotFit: return nil
            case .needsRecords:
                guard try segment.reserve(.records, seen: records, patience: patience) else { return nil }
            case .exists: throw ClusterError(.invalidArgument, "\(id) is in the object store already")
            }
        }
    }

    /// Sees that the memory of a new object is there.
    private func back(
        _ record: UInt32,
        id: ObjectID,
        byteCount: Int,
        lead: Int
    ) throws(ClusterError) -> Reservation {
        let offset = tables.record(record).offset
        let reservation = Reservation(
            id: id,
            store: self,
            record: record,
            bytes: tables.bytes(offset: offset, lead: lead, byteCount: byteCount)
        )
        // When it throws, the reservation goes, and gives back what it has.
        try segment.reserveData(to: offset + lead + byteCount, patience: patience)
        return reservation
    }

    /// Keeps an object where it is, to be read.
    ///
    /// Takes some 0.1 us, less when this process pins the object already.
    ///
    /// - Returns: `nil` when no such object is here that is sealed and not freed.
    /// - Throws: `storeFull` when the system has no memory to note it; `overloaded` when processes hold too many pins.
    package func pin(_ id: ObjectID) throws(ClusterError) -> ObjectPin? {
        let tables = tables
        let joined = pins.withLock { pins in
            pins.join(id) { tables.record($0).state == StoreRecord.State.sealed }
        }
        if let joined { return ObjectPin(id: id, store: self, record: joined) }
        while true {
            let nodes = segment.reserved(.pins)
            let (record, pinned) = try locked { tables -> (UInt32, StoreTables.Pinned?) in
                let record = tables.find(id)
                guard record != 0, tables.record(record).state == StoreRecord.State.sealed else {
                    return (0, nil)
                }
                return (record, tables.addPin(record, client: slot))
            }
            switch pinned {
            case nil: return nil
            case .needsNodes:
                guard try segment.reserve(.pins, seen: nodes, patience: patience) else {
                    throw ClusterError(.overloaded, "the processes of the node pin \(nodes) objects")
                }
            case .node(let node):
                let surplus = pins.withLock { $0.add(id, record: record, node: node) }
                let pin = ObjectPin(id: id, store: self, record: record)
                if let surplus { settle(.pin(node: surplus)) }
                return pin
            }
        }
    }

    /// Lets go of one pin.
    func unpin(_ id: ObjectID, record: UInt32) {
        if let node = pins.withLock({ $0.leave(id, record: record) }) { settle(.pin(node: node)) }
    }

    /// Whether an object is here that can be pinned.
    package func contains(_ id: ObjectID) throws(ClusterError) -> Bool {
        try locked { tables in
            let record = tables.find(id)
            return record != 0 && tables.record(record).state == StoreRecord.State.sealed
        }
    }

    /// Frees an object. While it is pinned, or not sealed yet, it is only doomed: nobody finds it any more, and it goes
    /// with its last pin, or when its writer is done.
    ///
    /// - Returns: Whether it was here and not doomed.
    @discardableResult
    package func free(_ id: ObjectID) throws(ClusterError) -> Bool {
        try locked { tables in
            let record = tables.find(id)
            guard record != 0 else { return false }
            tables.free(record)
            return true
        }
    }
}
