package import MantaCore

extension ReferenceTable {
    /// Holds an object for a reference to it that is being written into a frame.
    ///
    /// - Parameter id: An object of which there is a handle.
    /// - Returns: The token that goes with the reference, of this process's counting, from 1. It ends with `concluded`.
    package mutating func embarked(_ id: ObjectID) -> UInt64 {
        guard let slot = entries.index(forKey: id), entries.values[slot].embark() else {
            preconditionFailure("\(process) has no handle of \(id)")
        }
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
        guard let slot = transits.index(forKey: token) else { return false }
        // What is sent to the dead does not arrive, and need not.
        return transits.values[slot].sent(to: ended.contains(peer) ? nil : peer)
    }

    /// Notes that no frame with this token will go out any more.
    ///
    /// A call may end twice at once, by its reply and its deadline: the second time does nothing.
    package mutating func concluded(_ token: UInt64, now: Moment) {
        guard let slot = transits.index(forKey: token) else { return }
        switch transits.values[slot].conclude() {
        case .none: break
        case .letGo:
            letGo(at: slot)
            tidy()
        case .wait: retractions.append(token, deadline: now + Self.retractionDelay)
        }
    }

    /// A receiver's word on a token of this process.
    ///
    /// - Parameters:
    ///   - token: May have been let go: the word of a receiver can cross its end.
    ///   - peer: The receiver.
    ///   - isWhole: Whether it holds for all the times that the token was sent there.
    mutating func arrived(_ token: UInt64, at peer: ProcessID, isWhole: Bool) {
        guard let slot = transits.index(forKey: token) else { return }
        guard transits.values[slot].arrived(at: peer, isWhole: isWhole) else { return }
        letGo(at: slot)
        retractions.settled { [transits] in transits[$0] != nil }
    }

    private mutating func letGo(at slot: Dictionary<UInt64, Transit>.Index) {
        let (token, transit) = transits.remove(at: slot)
        guard let slot = entries.index(forKey: transit.object) else {
            preconditionFailure("\(transit.object) has gone from \(process) before its token \(token)")
        }
        if entries.values[slot].arrive() { loose.append(transit.object) }
    }

    /// Asks back what has not arrived in time.
    mutating func retractDue(_ now: Moment) {
        while let token = retractions.next(due: now) {
            guard let transit = transits[token] else { continue }
            for peer in transit.peers { tell(peer, .retracted(token: token)) }
        }
    }
}
