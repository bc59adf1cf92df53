/// What a client could not give back because it could not have the lock; it tries again when it next has it.
enum Debt: Hashable, Sendable {
    /// Remove this pin node.
    case pin(node: UInt32)
    /// Take away the unsealed object of this record.
    case reservation(record: UInt32)
}
