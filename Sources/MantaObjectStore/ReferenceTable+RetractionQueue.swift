internal import MantaCore

extension ReferenceTable {
    /// Concluded tokens in the order of their deadlines, of which some settle before.
    struct RetractionQueue: Hashable, Sendable {
        private struct Item: Hashable, Sendable {
            var token: UInt64
            var deadline: Moment
        }

        private var items: [Item] = []
        /// Those before have left.
        private var head = 0
        /// How many have settled since gaps were last closed.
        private var settledCount = 0

        /// The earliest.
        var deadline: Moment { head < items.count ? items[head].deadline : .distantFuture }

        mutating func append(_ token: UInt64, deadline: Moment) {
            // Moments that two threads read may come in the other order.
            let latest = items.last.map { max($0.deadline, deadline) } ?? deadline
            items.append(Item(token: token, deadline: latest))
        }

        mutating func next(due now: Moment) -> UInt64? {
            guard deadline <= now else { return nil }
            defer { leave() }
            return items[head].token
        }

        /// Makes room after a token has settled.
        ///
        /// - Parameter isOpen: Whether a token has not settled.
        /// - Complexity: O(1) amortised.
        mutating func settled(_ isOpen: (UInt64) -> Bool) {
            settledCount += 1
            while head < items.count, !isOpen(items[head].token) { leave() }
            if settledCount > (items.count - head) / 2 + 32 {
                items = items[head...].filter { isOpen($0.token) }
                head = 0
                settledCount = 0
            }
        }

        private mutating func leave() {
            head += 1
            if head == items.count {
                items.removeAll(keepingCapacity: true)
                head = 0
                settledCount = 0
            } else if head > 1024, head > items.count / 2 {
                items.removeFirst(head)
                head = 0
            }
        }
    }
}
