/// Who waits for what: continuations by key, each resumed once.
///
/// Pure but for the continuations that it holds for its owner, who resumes what comes back.
struct WaitTable<Key: Hashable, Waiter> {
    private var waiters: [Key: [(ticket: UInt64, waiter: Waiter)]] = [:]
    private var keys: [UInt64: Key] = [:]

    mutating func insert(_ waiter: Waiter, ticket: UInt64, for key: Key) {
        waiters[key, default: []].append((ticket, waiter))
        keys[ticket] = key
    }

    /// All that wait for `key`, in the order in which they came.
    mutating func removeAll(for key: Key) -> [Waiter] {
        let removed = waiters.removeValue(forKey: key) ?? []
        for (ticket, _) in removed { keys[ticket] = nil }
        return removed.map(\.waiter)
    }

    mutating func removeAll() -> [Waiter] {
        defer { (waiters, keys) = ([:], [:]) }
        return waiters.values.flatMap { $0.map(\.waiter) }
    }

    /// One that waits no longer; `nil` when it was resumed before.
    mutating func remove(_ ticket: UInt64) -> Waiter? {
        guard let key = keys.removeValue(forKey: ticket), var line = waiters[key],
            let index = line.firstIndex(where: { $0.ticket == ticket })
        else { return nil }
        let (_, waiter) = line.remove(at: index)
        waiters[key] = line.isEmpty ? nil : line
        return waiter
    }
}
