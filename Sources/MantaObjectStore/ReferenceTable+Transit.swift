package import MantaCore

extension ReferenceTable {
    /// A reference that this process sends.
    struct Transit: Hashable, Sendable {
        let object: ObjectID
        /// Nearly every frame goes to one peer once, and that needs no memory of its own.
        private var first: Outstanding?
        private var others: [Outstanding] = []
        var isConcluded = false

        private struct Outstanding: Hashable, Sendable {
            var peer: ProcessID
            /// Times that it was sent and has not arrived.
            var count: Int
        }

        init(object: ObjectID) { self.object = object }

        /// Whether every time that it was sent is accounted for.
        var isSettled: Bool { first == nil && others.isEmpty }

        /// Who has not accounted for it.
        var peers: [ProcessID] { (first.map { [$0.peer] } ?? []) + others.map(\.peer) }

        mutating func sent(to peer: ProcessID) {
            if first?.peer == peer {
                first?.count += 1
            } else if let index = others.firstIndex(where: { $0.peer == peer }) {
                others[index].count += 1
            } else if first == nil {
                first = Outstanding(peer: peer, count: 1)
            } else {
                others.append(Outstanding(peer: peer, count: 1))
            }
        }

        mutating func arrived(at peer: ProcessID) {
            if let outstanding = first, outstanding.peer == peer {
                first = outstanding.count > 1 ? Outstanding(peer: peer, count: outstanding.count - 1) : nil
            } else if let index = others.firstIndex(where: { $0.peer == peer }) {
                others[index].count -= 1
                if others[index].count == 0 { others.remove(at: index) }
            }
        }

        mutating func settled(at peer: ProcessID) {
            if first?.peer == peer { first = nil }
            others.removeAll { $0.peer == peer }
        }
    }

    /// Holds an object for a reference to it that is being written into a frame.
    ///
    /// - Parameter id: An object of which there is a handle.
    /// - Returns: The token that goes with the reference, of this process's counting, from 1. It ends with `concluded`.
    package mutating func embarked(_ id: ObjectID) -> UInt64 {
        guard let slot = entries.index(forKey: id), entries.values[slot].handles > 0 else {
            preconditionFailure("\(process) has no handle of \(id)")
        }
        entries.values[slot].inTransit += 1
        lastToken += 1
        transits[lastToken] = Transit(object: id)
        return lastToken
    }

    /// Notes that the frame with this token goes out now.
    ///
    /// To be called each time that it goes out, also to the same peer again: each may arrive, late, after the
    /// references of the others have been dropped.
    ///
    /// - Parameters:
    ///   - token: From `embarked`.
    ///   - peer: Who gets the frame.
    /// - Returns: False when the token is concluded: the frame must not go out.
    @discardableResult
    package mutating func sent(_ token: UInt64, to peer: ProcessID) -> Bool {
        guard let slot = transits.index(forKey: token), !transits.values[slot].isConcluded else {
            return false
        }
        if !ended.contains(peer) { transits.values[slot].sent(to: peer) }
        return true
    }

    /// Notes that no frame with this token will go out any more.
    ///
    /// A call may end twice at once, by its reply and its deadline: the second time does nothing.
    package mutating func concluded(_ token: UInt64, now: Moment) {
        guard let slot = transits.index(forKey: token), !transits.values[slot].isConcluded else { return }
        transits.values[slot].isConcluded = true
        if transits.values[slot].isSettled {
            letGo(token, at: slot)
            tidy()
        } else {
            retractions.append(token, deadline: now + Self.retractionDelay)
        }
    }

    /// A receiver's word on a token of this process.
    mutating func settle(_ token: UInt64, _ change: (inout Transit) -> Void) {
        // Unknown when the receiver's word crossed the end of the receiver, or a retraction.
        guard let slot = transits.index(forKey: token) else { return }
        change(&transits.values[slot])
        guard transits.values[slot].isConcluded, transits.values[slot].isSettled else { return }
        letGo(token, at: slot)
        retractions.settled { [transits] in transits[$0] != nil }
    }

    private mutating func letGo(_ token: UInt64, at slot: Dictionary<UInt64, Transit>.Index) {
        let id = transits.remove(at: slot).value.object
        guard let slot = entries.index(forKey: id) else {
            preconditionFailure("\(id) has gone from \(process) before its token \(token)")
        }
        entries.values[slot].inTransit -= 1
        if entries.values[slot].isLoose { loose.append(id) }
    }

    /// Asks back what has not arrived in time.
    mutating func retractDue(_ now: Moment) {
        while let token = retractions.next(due: now) {
            guard let transit = transits[token] else { continue }
            for peer in transit.peers { tell(peer, .retracted(token: token)) }
        }
    }

    /// The sender's word on a token that this process may have received.
    mutating func retract(_ passage: Passage) {
        retracted.insert(passage)
        if arriving[passage] != nil {
            // Received before: the sender lets go when it is registered.
            arriving[passage]?.isRetracted = true
        } else {
            tell(passage.sender, .settled(token: passage.token))
        }
    }
}
