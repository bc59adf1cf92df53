/// Who waits for what: continuations by key, each resumed once.
///
/// Pure but for the continuations that it holds for its owner, who resumes what comes back.
struct WaitTable<Key: Hashable, Waiter> {
    private var waiters: [Key: [UInt64: Waiter]] = [:]
    private var keys: [UInt64: Key] = [:]

    /// - Parameters:
    ///   - waiter: What is given back once.
    ///   - ticket: Names it; those of later ones are larger.
    ///   - key: What it waits for.
    /// - Complexity: O(1).
    mutating func insert(_ waiter: Waiter, ticket: UInt64, for key: Key) {
        waiters[key, default: [:]][ticket] = waiter
        keys[ticket] = key
    }

    func contains(_ key: Key) -> Bool { waiters[key] != nil }

    /// All that wait for `key`, in the order in which they came.
    mutating func removeAll(for key: Key) -> [Waiter] {
        guard let removed = waiters.removeValue(forKey: key) else { return [] }
        for ticket in removed.keys { keys[ticket] = nil }
        return removed.sorted { $0.key < $1.key }.map(\.value)
    }

    mutating func removeAll() -> [Waiter] {
        defer { (waiters, keys) = ([:], [:]) }
        return waiters.values.flatMap { $0.sorted { $0.key < $1.key }.map(\.value) }
    }

    /// One that waits no longer; `nil` when it was given back before.
    ///
    /// - Complexity: O(1).
    mutating func remove(_ ticket: UInt64) -> Waiter? {
        guard let key = keys.removeValue(forKey: ticket) else { return nil }
        let waiter = waiters[key]?.removeValue(forKey: ticket)
        if waiters[key]?.isEmpty == true { waiters[key] = nil }
        return waiter
    }
}
