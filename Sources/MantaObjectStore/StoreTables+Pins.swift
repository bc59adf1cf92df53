internal import CMantaShims

/// Pin nodes: which client keeps which object where it is.
extension StoreTables {
    private func pinNode(_ node: UInt32) -> UnsafeMutableRawPointer {
        base + layout.pinsOffset + Int(node) * StoreLayout.pinByteCount
    }

    /// The record that a node pins and the client that it belongs to; record 0 when the node is unused.
    func pin(at node: UInt32) -> (record: UInt32, client: UInt32) {
        let word = manta_get64(pinNode(node))
        return (UInt32(word >> 32), UInt32(truncatingIfNeeded: word))
    }

    private func setPin(_ node: UInt32, record: UInt32, client: UInt32) {
        manta_put64(pinNode(node), UInt64(record) << 32 | UInt64(client))
    }

    /// What `addPin` found.
    enum Pinned {
        case node(UInt32)
        /// No node is left of those that memory is reserved for.
        case needsNodes
    }

    /// Keeps a sealed object that is not doomed where it is, for a client.
    func addPin(_ index: UInt32, client: UInt32) -> Pinned {
        let header = header
        var node = header.firstUnusedPin
        if node != 0 {
            header.firstUnusedPin = pin(at: node).client
        } else {
            node = header.usedPins
            guard node < header.reservedPins else { return .needsNodes }
            header.usedPins = node + 1
        }
        let record = record(index)
        setPin(node, record: index, client: client)
        let count = record.pinCount
        record.pinCount = count + 1
        if count == 0 { header.pinnedByteCount += record.allocated }
        touch(record)
        return .node(node)
    }

    /// Lets go; frees a doomed object that nobody else pins.
    func removePin(_ node: UInt32) {
        let header = header
        let index = pin(at: node).record
        setPin(node, record: 0, client: header.firstUnusedPin)
        header.firstUnusedPin = node
        let record = record(index)
        let count = record.pinCount - 1
        record.pinCount = count
        guard count == 0 else { return }
        header.pinnedByteCount -= record.allocated
        if StoreRecord.State.isDoomed(record.state) { remove(index) }
    }

    /// For the rebuild: puts a node on the list of the unused ones.
    func discardPin(_ node: UInt32) {
        setPin(node, record: 0, client: header.firstUnusedPin)
        header.firstUnusedPin = node
    }
}
