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

        var queue = ChangeQueue()
        var delivery = Delivery.idle
        /// Whether the peer is among those that `takeUpdates` looks at.
        var isListed = false
        /// Of the last update that was handed out.
        var lastNumber: UInt64 = 0
        /// Before the next time that the same update is handed out.
        private var pause = Self.firstPause

        /// Of the last update that came.
        var lastReceived: UInt64 = 0
        /// What it was answered with, for when it comes again.
        var lastUnknown: [ObjectID] = []

        /// Whether there is an update to hand out.
        var isReady: Bool { delivery == .idle && !queue.isEmpty }

        /// Whether it may be forgotten, but for its numbers.
        var isQuiet: Bool { delivery == .idle && queue.isEmpty }

        mutating func handOut(_ changes: [Update.Change]) -> Update {
            lastNumber += 1
            let update = Update(number: lastNumber, changes: changes)
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
    }

    /// When an update is handed out again.
    struct Retry: Hashable, Sendable {
        var peer: ProcessID
        var moment: Moment
    }
}
