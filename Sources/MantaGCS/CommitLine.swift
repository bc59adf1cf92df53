/// Decisions on their way to the storage: those of one batch are being written, and those made meanwhile gather for the next.
///
/// Pure but for the waiters, which its owner resumes. What is decided is carried out in its order, and nothing before it is
/// durable; so nobody is told of anything that a restart would not know.
package struct CommitLine<Action, Waiter> {
    package struct Batch {
        package var actions: [Action] = []
        /// Who may be answered when it is durable.
        package var waiters: [Waiter] = []
    }

    private var gathering: Batch?
    private var writing: Batch?

    package init() {}

    /// Whether everything that was decided is durable.
    package var isEmpty: Bool { gathering == nil && writing == nil }

    /// Something was decided that has to be written, or follows what has.
    ///
    /// - Returns: Whether writing has to begin: see ``begin()``.
    package mutating func decided(_ actions: [Action]) -> Bool {
        let isFirst = gathering == nil
        gathering = gathering ?? Batch()
        gathering?.actions += actions
        return isFirst && writing == nil
    }

    /// Waits for all that has been decided.
    ///
    /// - Returns: Whether there is something to wait for. If not, the waiter is not kept.
    package mutating func wait(_ waiter: Waiter) -> Bool {
        if gathering != nil {
            gathering?.waiters.append(waiter)
        } else if writing != nil {
            writing?.waiters.append(waiter)
        } else {
            return false
        }
        return true
    }

    /// What has gathered is being written from now on.
    ///
    /// - Returns: Whether there is anything.
    package mutating func begin() -> Bool {
        precondition(writing == nil, "one batch is written at a time")
        writing = gathering.take()
        return writing != nil
    }

    /// What was being written is durable.
    package mutating func written() -> Batch { writing.take() ?? Batch() }

    /// It cannot be written, and nothing later can.
    ///
    /// - Returns: Who waited for any of it.
    package mutating func fail() -> [Waiter] {
        let waiters = (writing?.waiters ?? []) + (gathering?.waiters ?? [])
        (writing, gathering) = (nil, nil)
        return waiters
    }
}
