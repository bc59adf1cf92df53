internal import CMantaShims
package import MantaCore

extension ObjectStore {
    private static let batch: UInt32 = 64

    /// Gives back what processes had that have ended without closing the store: their pins, and what they were writing.
    ///
    /// What they sealed stays. A process counts as ended once the system has closed its files, which may be some
    /// microseconds after its sockets are closed; the next call sees it then.
    ///
    /// - Returns: Who they were.
    package func takeBackFromTheDead() throws(ClusterError) -> [ProcessID] {
        var dead: [ProcessID] = []
        for slot in 0..<UInt32(StoreLayout.clientLimit) where slot != self.slot {
            let client = tables.client(slot)
            let turn = client.turn
            let process = client.process
            guard client.isTaken, segment.isDead(slot) else { continue }
            if try bury(slot, turn: turn) { dead.append(process) }
        }
        return dead
    }

    /// - Returns: `false` when another process has buried the client meanwhile.
    private func bury(_ slot: UInt32, turn: UInt32) throws(ClusterError) -> Bool {
        // The client makes nothing new any more, so it is enough to pass through the tables once.
        try each(below: { $0.header.usedPins }, slot: slot, turn: turn) { tables, node in
            let pin = tables.pin(at: node)
            if pin.record != 0, pin.client == slot { tables.removePin(node) }
        }
        try each(below: { $0.header.usedRecords }, slot: slot, turn: turn) { tables, index in
            let record = tables.record(index)
            let state = record.state
            guard StoreRecord.State.isObject(state), !StoreRecord.State.isSealed(state), record.writer == slot
            else { return }
            tables.remove(index)
        }
        return try locked { tables in
            let client = tables.client(slot)
            guard client.turn == turn, client.isTaken else { return false }
            client.isTaken = false
            return true
        }
    }

    /// Runs `body` for 1, 2, … up to a limit, a batch at a time under the lock, while the slot is still the dead one's.
    private func each(
        below limit: (StoreTables) -> UInt32,
        slot: UInt32,
        turn: UInt32,
        _ body: (StoreTables, UInt32) -> Void
    ) throws(ClusterError) {
        var next: UInt32 = 1
        while next < limit(tables) {
            let end = min(next + Self.batch, limit(tables))
            let isDone = try locked { tables in
                let client = tables.client(slot)
                guard client.turn == turn, client.isTaken else { return true }
                for index in next..<end { body(tables, index) }
                return false
            }
            if isDone { return }
            next = end
        }
    }
}
