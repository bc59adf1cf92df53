internal import CMantaShims
package import MantaCore

extension ObjectStore {
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
            do {
                if try bury(slot, turn: turn) { dead.append(process) }
            } catch {
                // Nobody is named twice, so those who are buried are named now; the next call finds the others.
                guard dead.isEmpty else { return dead }
                throw error
            }
        }
        return dead
    }

    /// - Returns: `false` when another process has buried the client meanwhile.
    private func bury(_ slot: UInt32, turn: UInt32) throws(ClusterError) -> Bool {
        // The client makes nothing new any more, so it is enough to pass through the tables once.
        let isSame = { self.isTaken(slot, turn: turn) }
        try inBatches(below: { $0.header.usedPins }, while: isSame) { tables, node in
            let pin = tables.pin(at: node)
            if pin.record != 0, pin.client == slot { tables.removePin(node) }
        }
        try inBatches(below: { $0.header.usedRecords }, while: isSame) { tables, index in
            let record = tables.record(index)
            let state = record.state
            guard StoreRecord.State.isObject(state), !StoreRecord.State.isSealed(state), record.writer == slot
            else { return }
            tables.remove(index)
        }
        return try locked { tables in
            guard isSame() else { return false }
            tables.client(slot).isTaken = false
            return true
        }
    }

    /// Whether a slot is still that of the client who had it for the `turn`th time.
    private func isTaken(_ slot: UInt32, turn: UInt32) -> Bool {
        let client = tables.client(slot)
        return client.turn == turn && client.isTaken
    }
}
