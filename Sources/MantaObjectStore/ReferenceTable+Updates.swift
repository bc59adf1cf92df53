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
            guard let slot = channels.index(forKey: peer) else { continue }
            channels.values[slot].isListed = false
            // What was queued may have been cancelled since.
            guard channels.values[slot].isReady else { continue }
            let changes = channels.values[slot].queue.take(Self.changeLimit)
            for change in changes { departed(change) }
            updates.append((peer, channels.values[slot].handOut(changes)))
        }
        ready.removeAll(keepingCapacity: true)
        return updates
    }

    /// A change has left its queue.
    private mutating func departed(_ change: Update.Change) {
        switch change {
        case .held(let id): entries[id]?.registration = .holding
        case .returned(let id): entries[id]?.registration = .returning
        case .arrived, .retracted, .settled, .freed: break
        }
    }

    /// Applies what a peer tells, unless that was done before.
    ///
    /// - Returns: What the peer is to be answered, the same for the same update.
    package mutating func received(_ update: Update, from peer: ProcessID) -> Answer {
        guard !ended.contains(peer) else { return Answer(number: update.number) }
        let last = channels[peer]?.lastReceived ?? 0
        guard update.number > last else {
            let unknown = update.number == last ? channels[peer]?.lastUnknown : nil
            return Answer(number: update.number, unknown: unknown ?? [])
        }
        var unknown: [ObjectID] = []
        for change in update.changes {
            guard case .held(let id) = change, !register(peer, for: id) else {
                apply(change, from: peer)
                continue
            }
            unknown.append(id)
        }
        // What was freed by these changes shows only after all of them.
        tidy()
        channels[peer, default: Channel()].lastReceived = update.number
        channels[peer]?.lastUnknown = unknown
        return Answer(number: update.number, unknown: unknown)
    }

    /// - Returns: Whether the object is here.
    private mutating func register(_ borrower: ProcessID, for id: ObjectID) -> Bool {
        guard let slot = entries.index(forKey: id), entries.values[slot].registration == .owned else {
            return false
        }
        entries.values[slot].borrowers.insert(borrower)
        return true
    }

    private mutating func apply(_ change: Update.Change, from peer: ProcessID) {
        switch change {
        case .held: break
        case .returned(let id):
            // Not there when it was unknown to this process.
            guard let slot = entries.index(forKey: id) else { return }
            entries.values[slot].borrowers.remove(peer)
            if entries.values[slot].isLoose { loose.append(id) }
        case .arrived(let token): settle(token) { $0.arrived(at: peer) }
        case .settled(let token): settle(token) { $0.settled(at: peer) }
        case .retracted(let token): retract(Passage(sender: peer, token: token))
        case .freed(let id): events.append(.forget(id))
        }
    }

    /// The peer has applied an update.
    package mutating func answered(_ answer: Answer, by peer: ProcessID, now: Moment) {
        guard let update = channels[peer]?.answered(answer.number) else { return }
        retries.removeAll { $0.peer == peer }
        let unknown = Set(answer.unknown)
        for change in update.changes {
            switch change {
            case .held(let id): owned(id, knows: !unknown.contains(id))
            case .returned(let id): left(id)
            case .arrived, .retracted, .settled, .freed: break
            }
        }
        tidy()
        if let slot = channels.index(forKey: peer) { list(peer, at: slot) }
    }

    /// The owner has answered to `held`.
    private mutating func owned(_ id: ObjectID, knows: Bool) {
        guard let slot = entries.index(forKey: id), entries.values[slot].registration == .holding else {
            return
        }
        entries.values[slot].registration = knows ? .held : .lost
        if entries.values[slot].isLoose { loose.append(id) }
        settleSources(of: id)
    }

    /// The owner has answered to `returned`.
    private mutating func left(_ id: ObjectID) {
        guard let slot = entries.index(forKey: id) else { return }
        switch entries.values[slot].registration {
        case .returning: entries.remove(at: slot)
        // Received again since.
        case .toBeHeld(let position, _):
            entries.values[slot].registration = .toBeHeld(at: position, returning: false)
        default: break
        }
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
        guard let slot = channels.index(forKey: peer) else {
            var channel = Channel()
            let position = channel.queue.append(change)
            channel.isListed = true
            channels[peer] = channel
            ready.append(peer)
            return position
        }
        let position = channels.values[slot].queue.append(change)
        list(peer, at: slot)
        return position
    }

    private mutating func list(_ peer: ProcessID, at slot: Dictionary<ProcessID, Channel>.Index) {
        guard !channels.values[slot].isListed, channels.values[slot].isReady else { return }
        channels.values[slot].isListed = true
        ready.append(peer)
    }

    /// Takes back a change that has not left its queue.
    mutating func cancel(at position: Int, to peer: ProcessID) {
        guard let slot = channels.index(forKey: peer) else { return }
        channels.values[slot].queue.cancel(at: position)
        guard channels.values[slot].queue.isSparse else { return }
        for (position, change) in channels.values[slot].queue.compact() {
            switch change {
            case .held(let id):
                guard case .toBeHeld(_, let returning) = entries[id]?.registration else { continue }
                entries[id]?.registration = .toBeHeld(at: position, returning: returning)
            case .returned(let id): entries[id]?.registration = .toBeReturned(at: position)
            case .arrived, .retracted, .settled, .freed: break
            }
        }
    }
}
