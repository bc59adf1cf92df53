extension ObjectStore {
    /// How much reserved memory is wanted ahead of what is in use, before the keeper has to see to more.
    private static let headroom = 16 << 20

    /// Whether the keeper has something to do before anybody waits for it: the store is nearly full, or has little memory
    /// ready. Read without a lock, so the answer may be a moment old.
    package var needsKeeper: Bool {
        let header = tables.header
        let capacity = tables.layout.capacity
        if header.usedByteCount > capacity / 10 * 8 { return true }
        let reserved = header.reservedData
        return reserved < capacity && reserved - header.top < Self.headroom
    }
}
