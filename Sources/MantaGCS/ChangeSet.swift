/// Which entries of a table differ from what is stored. Without storage nothing is noted.
struct ChangeSet<ID: Hashable & Sendable>: Sendable {
    /// `nil` when nobody will take them.
    private var ids: Set<ID>?

    /// - Parameter isKept: Whether there is a storage.
    init(isKept: Bool) { ids = isKept ? [] : nil }

    var isEmpty: Bool { ids?.isEmpty ?? true }

    mutating func insert(_ id: ID) { _ = ids?.insert(id) }

    /// Those that were inserted since the last time, in no order.
    mutating func take() -> Set<ID> {
        guard ids != nil else { return [] }
        defer { ids?.removeAll(keepingCapacity: true) }
        return ids ?? []
    }
}
