extension ReferenceTable {
    /// Changes for one peer, in order, of which some may be taken out again.
    ///
    /// A position counts the changes ever queued since the queue was last empty, and stays valid until the change
    /// is taken or cancelled, or `compact` gives it a new one.
    struct ChangeQueue: Hashable, Sendable {
        /// `nil` where one was cancelled.
        private var slots: [Update.Change?] = []
        /// Those before are taken.
        private var head = 0
        /// The position of the first slot.
        private var start = 0
        /// How many changes wait.
        private(set) var count = 0

        var isEmpty: Bool { count == 0 }

        mutating func append(_ change: Update.Change) -> Int {
            slots.append(change)
            count += 1
            return start + slots.count - 1
        }

        mutating func cancel(at position: Int) {
            let index = position - start
            guard index >= head, index < slots.count, slots[index] != nil else {
                preconditionFailure("no change at \(position) of \(start + head)..<\(start + slots.count)")
            }
            slots[index] = nil
            count -= 1
            if isEmpty {
                clear()
            } else {
                while slots.last == .some(nil) { slots.removeLast() }
            }
        }

        /// Takes the first changes, at most `limit`.
        mutating func take(_ limit: Int) -> [Update.Change] {
            var taken: [Update.Change] = []
            taken.reserveCapacity(min(limit, count))
            while taken.count < limit, head < slots.count {
                if let change = slots[head] { taken.append(change) }
                head += 1
            }
            count -= taken.count
            if isEmpty {
                clear()
            } else if head > slots.count / 2 {
                slots.removeFirst(head)
                start += head
                head = 0
            }
            return taken
        }

        /// Whether more was cancelled than waits.
        var isSparse: Bool { slots.count - head > 2 * count + 32 }

        /// Closes the gaps.
        ///
        /// - Returns: What waits, each at its new position.
        mutating func compact() -> [(position: Int, change: Update.Change)] {
            let changes = slots[head...].compactMap { $0 }
            slots = changes
            head = 0
            start = 0
            return changes.enumerated().map { (position: $0.offset, change: $0.element) }
        }

        private mutating func clear() {
            slots.removeAll(keepingCapacity: slots.capacity <= ReferenceTable.changeLimit)
            head = 0
            start = 0
        }
    }
}
