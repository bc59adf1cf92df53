internal import MantaCore

extension ReferenceTable {
    /// A reference that this process sends: `embarked → sent… → concluded`, and gone when all have arrived.
    struct Transit: Hashable, Sendable {
        private struct Outstanding: Hashable, Sendable {
            var peer: ProcessID
            /// Times that it was sent and has not arrived.
            var count = 1
        }

        let object: ObjectID
        /// Nearly every frame goes to one peer, once: no memory of its own for that.
        private var first: Outstanding?
        private var others: [Outstanding] = []
        private var isConcluded = false
        /// Of all that were sent at most one is ever read: when it has arrived, the others never will.
        var endsWithArrival = false

        init(object: ObjectID) { self.object = object }

        /// Whether every time that it was sent is accounted for.
        private var isSettled: Bool { first == nil && others.isEmpty }

        /// Who has not accounted for it.
        var peers: [ProcessID] { (first.map { [$0.peer] } ?? []) + others.map(\.peer) }

        /// - Returns: False when it is concluded.
        mutating func sent(to peer: ProcessID?) -> Bool {
            guard !isConcluded else { return false }
            guard let peer else { return true }
            if first?.peer == peer {
                first?.count += 1
            } else if let index = others.firstIndex(where: { $0.peer == peer }) {
                others[index].count += 1
            } else if first == nil {
                first = Outstanding(peer: peer)
            } else {
                others.append(Outstanding(peer: peer))
            }
            return true
        }

        enum OnConcluded {
            /// It was before.
            case none
            case letGo
            /// It has not arrived everywhere.
            case wait
        }

        mutating func conclude() -> OnConcluded {
            guard !isConcluded else { return .none }
            isConcluded = true
            return isSettled ? .letGo : .wait
        }

        /// - Returns: Whether that was all that was waited for.
        mutating func arrived(at peer: ProcessID, isWhole: Bool) -> Bool {
            if endsWithArrival, !isWhole {
                first = nil
                others = []
                isConcluded = true
                return true
            }
            if let outstanding = first, outstanding.peer == peer {
                let count = isWhole ? 0 : outstanding.count - 1
                first = count > 0 ? Outstanding(peer: peer, count: count) : nil
            } else if let index = others.firstIndex(where: { $0.peer == peer }) {
                others[index].count -= isWhole ? others[index].count : 1
                if others[index].count == 0 { others.remove(at: index) }
            }
            return isConcluded && isSettled
        }
    }
}
