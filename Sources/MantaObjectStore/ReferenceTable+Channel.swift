internal import MantaCore

extension ReferenceTable {
    /// What goes to one peer, and what came from it.
    struct Channel: Hashable, Sendable {
        enum Delivery: Hashable, Sendable {
            case idle
            /// Handed out, and neither answered nor given up.
            case handedOut(Update)
            /// Not answered: handed out again, after a pause.
            case pausing(Update)
        }

        static let firstPause = Duration.milliseconds(100)
        static let longestPause = Duration.seconds(2)

        private var queue = ChangeQueue()
        private var delivery = Delivery.idle
        /// Whether the peer is among those that `takeUpdates` looks at.
        private var isListed = false
        /// Of the last update that was handed out.
        private var lastNumber: UInt64 = 0
        /// Before the next time that the same update is handed out.
        private var pause = Self.firstPause

        /// Of the last update that came.
        private var lastReceived: UInt64 = 0
        /// What it was answered with, for when it comes again.
        private var lastUnknown: [ObjectID] = []

        /// Whether all was said and answered.
        var isQuiet: Bool { isIdle && queue.isEmpty }

        private var isIdle: Bool {
            if case .idle = delivery { true } else { false }
        }

        // MARK: To the peer

        /// - Returns: The position of the change, and whether the peer is to be listed now.
        mutating func append(_ change: Update.Change) -> (position: Int, isNew: Bool) {
            let position = queue.append(change)
            return (position, list())
        }

        /// - Returns: Whether the peer is to be listed now: it was not, and there is an update for it.
        mutating func list() -> Bool {
            guard !isListed, isIdle, !queue.isEmpty else { return false }
            isListed = true
            return true
        }

        /// - Returns: Whether gaps are to be closed.
        mutating func cancel(at position: Int) -> Bool {
            queue.cancel(at: position)
            return queue.isSparse
        }

        mutating func compact() -> [(position: Int, change: Update.Change)] { queue.compact() }

        /// - Returns: The next update, unless all its changes were cancelled.
        mutating func handOut() -> Update? {
            isListed = false
            guard isIdle, !queue.isEmpty else { return nil }
            lastNumber += 1
            let update = Update(number: lastNumber, changes: queue.take(ReferenceTable.changeLimit))
            delivery = .handedOut(update)
            return update
        }

        mutating func handOutAgain() -> Update? {
            guard case .pausing(let update) = delivery else { return nil }
            delivery = .handedOut(update)
            return update
        }

        /// - Returns: The update, unless it was answered before.
        mutating func answered(_ number: UInt64) -> Update? {
            switch delivery {
            // An answer may come after all, when the driver has given it up.
            case .handedOut(let update) where update.number == number,
                .pausing(let update) where update.number == number:
                delivery = .idle
                pause = Self.firstPause
                return update
            default: return nil
            }
        }

        /// - Returns: How long to wait, or `nil` when that update is not handed out.
        mutating func unanswered(_ number: UInt64) -> Duration? {
            guard case .handedOut(let update) = delivery, update.number == number else { return nil }
            delivery = .pausing(update)
            defer { pause = min(pause * 2, Self.longestPause) }
            return pause
        }

        // MARK: From the peer

        /// - Returns: What an update that came before is answered with; `nil` for a new one.
        mutating func answer(toOld number: UInt64) -> [ObjectID]? {
            // Older than the last, it was answered, and its sender does not wait any more.
            number > lastReceived ? nil : number == lastReceived ? lastUnknown : []
        }

        mutating func received(_ number: UInt64, unknown: [ObjectID]) {
            lastReceived = number
            lastUnknown = unknown
        }
    }

    /// When an update is handed out again.
    struct Retry: Hashable, Sendable {
        var peer: ProcessID
        var moment: Moment
    }
}
