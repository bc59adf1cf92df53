extension TestCluster {
    /// A condition that a test waited for did not come true in time.
    public struct NeverHappened: Error, CustomStringConvertible {
        /// How long the test waited.
        public let limit: Duration
        /// What the condition threw the last time; `nil` when it was false.
        public let lastError: (any Error)?

        public var description: String {
            let reason = lastError.map { "; the last time it threw: \($0)" } ?? ""
            return "the condition did not come true within \(limit)\(reason)"
        }
    }
}
