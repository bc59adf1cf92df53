package import MantaCore
internal import Synchronization

/// What the node's keeper does, though any process may.
extension ObjectStore {
    /// How many records or pin nodes are looked at between two others' turns: some microseconds.
    private static let batch: UInt32 = 64

    /// Runs `body` for 1, 2, … up to a limit, a batch at a time under the lock; ends early when `condition` does not hold at
    /// the beginning of a batch.
    func inBatches(
        below limit: (StoreTables) -> UInt32,
        while condition: () -> Bool = { true },
        _ body: (StoreTables, UInt32) -> Void
    ) throws(ClusterError) {
        var next: UInt32 = 1
        while next < limit(tables) {
            let end = min(next + Self.batch, limit(tables))
            let isWanted = try locked { tables in
                guard condition() else { return false }
                for index in next..<end { body(tables, index) }
                return true
            }
            guard isWanted else { return }
            next = end
        }
    }

    /// Runs `body` on the record of each object, a batch at a time under the lock.
    ///
    /// - Returns: What `body` returned that is not `nil`.
    private func collect<Value>(
        _ body: (StoreTables, UInt32) -> Value?
    ) throws(ClusterError) -> [Value] {
        var values: [Value] = []
        try inBatches(below: { $0.header.usedRecords }) { tables, index in
            guard StoreRecord.State.isObject(tables.record(index).state) else { return }
            if let value = body(tables, index) { values.append(value) }
        }
        return values
    }

    /// Gives an object another owner, whose end is its end from now on; whether it is here.
    package func give(_ id: ObjectID, to owner: ProcessID) throws(ClusterError) -> Bool {
        try locked { tables in
            let record = tables.find(id)
            guard record != 0 else { return false }
            tables.record(record).owner = owner
            return true
        }
    }

    /// Frees all objects of an owner that has ended, as `free` does.
    ///
    /// - Returns: How many there were.
    @discardableResult
    package func freeAll(ownedBy owner: ProcessID) throws(ClusterError) -> Int {
        try collect { tables, index -> Bool? in
            let record = tables.record(index)
            guard record.owner == owner, !StoreRecord.State.isDoomed(record.state) else { return nil }
            tables.free(index)
            return true
        }.count
    }

    /// The least recently used objects that nobody pins, copies first, so many that they take `byteCount`.
    ///
    /// - Returns: Fewer when there are no more.
    package func victims(byteCount: Int) throws(ClusterError) -> [Entry] {
        guard byteCount > 0 else { return [] }
        let candidates = try collect { tables, index -> (lastUse: UInt64, entry: Entry)? in
            let record = tables.record(index)
            guard record.state == StoreRecord.State.sealed, record.pinCount == 0 else { return nil }
            return (record.lastUse, tables.entry(index))
        }.sorted { left, right in
            left.entry.role == right.entry.role ? left.lastUse < right.lastUse : left.entry.role == .copy
        }
        var covered = 0
        var victims: [Entry] = []
        for candidate in candidates where covered < byteCount {
            covered += candidate.entry.allocatedByteCount
            victims.append(candidate.entry)
        }
        return victims
    }

    /// Frees a copy that nobody pins.
    ///
    /// - Returns: `false` when it is pinned, not sealed, a primary, or not here.
    package func evict(_ id: ObjectID) throws(ClusterError) -> Bool {
        try locked { tables in
            let index = tables.find(id)
            guard index != 0 else { return false }
            let record = tables.record(index)
            guard record.state == StoreRecord.State.sealed, record.pinCount == 0, record.traits.role == .copy
            else { return false }
            tables.remove(index)
            return true
        }
    }

    /// Gives up a pin and the object, if this is the only pin anywhere and all that the pin says of the object is still so:
    /// it is not doomed, and its owner is who it was.
    ///
    /// For who has written the object to disk, with what the pin says of it: what was written is as right as what goes. The
    /// pin is used up, whatever comes of it: its bytes are empty.
    ///
    /// - Parameter pin: Of this store.
    /// - Returns: Whether the object was freed. A doomed one is freed too, but not by this: `false`.
    /// - Throws: `invalidArgument` when the pin is used up or of another store; then, and when the lock cannot be had,
    ///   the object stays.
    package func surrender(_ pin: ObjectPin) throws(ClusterError) -> Bool {
        guard pin.store === self, pin.consume() else {
            throw ClusterError(
                .invalidArgument,
                "the pin of \(pin.id) was surrendered before, or is another store's"
            )
        }
        guard let node = pins.withLock({ $0.leave(pin.id, record: pin.record) }) else { return false }
        do {
            return try locked { tables in
                let record = tables.record(pin.record)
                let isSame =
                    record.pinCount == 1 && record.state == StoreRecord.State.sealed
                    && record.owner == pin.owner
                tables.removePin(node)
                if isSame { tables.remove(pin.record) }
                return isSame
            }
        } catch {
            settle(.pin(node: node))
            throw error
        }
    }

    package func figures() throws(ClusterError) -> Figures {
        var figures = try locked { tables in
            let header = tables.header
            return Figures(
                capacity: tables.layout.capacity,
                usedByteCount: header.usedByteCount,
                objectCount: Int(header.objectCount),
                pinnedByteCount: header.pinnedByteCount
            )
        }
        figures.reservedByteCount = segment.reservedByteCount
        return figures
    }

    /// All objects, doomed and unsealed ones too.
    ///
    /// Not one moment's picture when others work meanwhile: the lock is let go of now and then.
    package func entries() throws(ClusterError) -> [Entry] {
        try collect { tables, index in tables.entry(index) }
    }
}
