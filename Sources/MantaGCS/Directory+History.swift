extension Directory {
    /// The newest of the dead, in the order in which they died.
    struct History<ID: Sendable>: Sendable {
        private let limit: Int
        private var ids: [ID] = []
        /// Where the oldest is, once `ids` is full.
        private var oldest = 0
        /// How many have died, those included that are forgotten.
        private(set) var count: UInt64 = 0

        init(limit: Int) {
            precondition(limit > 0, "a history of \(limit) could not hold the one that has just died")
            self.limit = limit
        }

        /// - Returns: The one that is forgotten for it.
        mutating func append(_ id: ID) -> ID? {
            count += 1
            guard ids.count == limit else {
                ids.append(id)
                return nil
            }
            let forgotten = ids[oldest]
            ids[oldest] = id
            oldest = (oldest + 1) % limit
            return forgotten
        }

        /// Goes on counting from `count`, after the dead of an earlier life have been appended.
        mutating func restoreCount(_ count: UInt64) { self.count = max(self.count, count) }
    }
}
