package import MantaCore

extension ReferenceTable {
    /// When `takeUpdates` may have something to hand out: the earliest moment if there is something now.
    package var nextDeadline: Moment {
        guard ready.isEmpty else { return Moment(nanoseconds: 0) }
        return retries.reduce(retractions.deadline) { min($0, $1.moment) }
    }

    /// Hands out what is to be sent now: for each peer at most one update, until that one is answered.
    ///
    /// Each is to be followed by `answered` or `unanswered`.
    package mutating func takeUpdates(now: Moment) -> [(peer: ProcessID, update: Update)] {
        retractDue(now)
        tidy()
        var updates: [(peer: ProcessID, update: Update)] = []
        if !retries.isEmpty {
            let due = retries.filter { $0.moment <= now }
            retries.removeAll { $0.moment <= now }
            for retry in due {
                guard let update = channels[retry.peer]?.handOutAgain() else { continue }
                updates.append((retry.peer, update))
            }
        }
        for peer in ready {
            guard let update = channels[peer]?.handOut() else { continue }
            for change in update.changes { departed(change) }
            updates.append((peer, update))
        }
        ready.removeAll(keepingCapacity: true)
        return updates
    }

    /// A change has left its queue.
    private mutating func departed(_ change: Update.Change) {
        switch change {
        case .held(let id): entries[id]?.registration = .holding
        case .returned(let id): entries[id] = nil
        case .arrived, .retracted, .settled, .freed: break
        }
    }

    /// Applies what a peer tells, unless that was done before.
    ///
    /// - Returns: What the peer is to be answered, the same for the same update.
    package mutating func received(_ update: Update, from peer: ProcessID) -> Answer {
        guard !ended.contains(peer) else { return Answer(number: update.number) }
        if let unknown = channels[peer]?.answer(toOld: update.number) {
            return Answer(number: update.number, unknown: unknown)
        }
        var unknown: [ObjectID] = []
        for change in update.changes {
            if case .held(let id) = change {
                if !register(peer, for: id) { unknown.append(id) }
            } else {
                apply(change, from: peer)
            }
        }
        // What was freed by these changes shows only after all of them.
        tidy()
        channels[peer, default: Channel()].received(update.number, unknown: unknown)
        return Answer(number: update.number, unknown: unknown)
    }

    /// - Returns: Whether the object is here.
    private mutating func register(_ borrower: ProcessID, for id: ObjectID) -> Bool {
        guard let slot = entries.index(forKey: id) else { return false }
        return entries.values[slot].register(borrower)
    }

    private mutating func apply(_ change: Update.Change, from peer: ProcessID) {
        switch change {
        case .held: break
        case .returned(let id):
            guard let slot = entries.index(forKey: id) else { return }
            if entries.values[slot].unregister(peer) { loose.append(id) }
        case .arrived(let token): arrived(token, at: peer, isWhole: false)
        case .settled(let token): arrived(token, at: peer, isWhole: true)
        case .retracted(let token): askedBack(token, by: peer)
        case .freed(let id): events.append(.forget(id))
        }
    }

    /// The peer has applied an update.
    package mutating func answered(_ answer: Answer, by peer: ProcessID, now: Moment) {
        guard let update = channels[peer]?.answered(answer.number) else { return }
        retries.removeAll { $0.peer == peer }
        let unknown = Set(answer.unknown)
        for change in update.changes {
            guard case .held(let id) = change, let slot = entries.index(forKey: id),
                let isLoose = entries.values[slot].answered(isKnown: !unknown.contains(id))
            else { continue }
            if isLoose { loose.append(id) }
            settle(entries.values[slot].takeWaiting())
        }
        tidy()
        if channels[peer]?.list() == true { ready.append(peer) }
    }

    /// The peer has not answered an update: it will be handed out again, after a pause.
    package mutating func unanswered(_ number: UInt64, by peer: ProcessID, now: Moment) {
        guard let pause = channels[peer]?.unanswered(number) else { return }
        retries.append(Retry(peer: peer, moment: now + pause))
    }

    // MARK: The queues

    /// Queues a change.
    ///
    /// - Returns: Its position in the peer's queue.
    @discardableResult
    mutating func tell(_ peer: ProcessID, _ change: Update.Change) -> Int {
        guard peer != process else {
            apply(change, from: peer)
            return 0
        }
        guard !ended.contains(peer) else { return 0 }
        let (position, isNew) = channels[peer, default: Channel()].append(change)
        if isNew { ready.append(peer) }
        return position
    }

    /// Takes back a change that has not left its queue.
    mutating func cancel(at position: Int, to peer: ProcessID) {
        guard let slot = channels.index(forKey: peer) else { return }
        guard channels.values[slot].cancel(at: position) else { return }
        for (position, change) in channels.values[slot].compact() {
            switch change {
            case .held(let id): entries[id]?.registration = .toBeHeld(at: position)
            case .returned(let id): entries[id]?.registration = .toBeReturned(at: position)
            case .arrived, .retracted, .settled, .freed: break
            }
        }
    }
}
