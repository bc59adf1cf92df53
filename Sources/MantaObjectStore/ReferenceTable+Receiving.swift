package import MantaCore

extension ReferenceTable {
    /// Adds a handle for a reference that came in from elsewhere.
    ///
    /// The handle can be used at once; where the reference came from is let go when the owner knows of this process.
    ///
    /// - Parameters:
    ///   - id: The object.
    ///   - owner: Its owner, as the reference says.
    ///   - source: Where the reference was read. An object must have a handle here.
    ///   - now: The time.
    /// - Returns: False, and there is no handle, when the reference is no good any more: its sender has asked it
    ///   back, its owner has ended, or the object is freed.
    package mutating func received(
        _ id: ObjectID,
        owner: ProcessID,
        by source: Source,
        now: Moment
    ) -> Bool {
        // The sender has been told, and holds nothing for it any more.
        if case .frame(let sender, let token) = source, !retracted.isEmpty,
            retracted.contains(Passage(sender: sender, token: token))
        {
            return false
        }
        defer { tidy() }
        guard let slot = entries.index(forKey: id) else { return receivedFirst(id, owner: owner, by: source) }
        switch entries.values[slot].receive() {
        case .registered: letGo(source)
        case .registeredAgain(let owner, let position):
            // The owner has not heard that it was given back: as if that had never been queued.
            cancel(at: position, to: owner)
            letGo(source)
        case .waits(let owner): wait(source, for: id, owner: owner)
        case .refused:
            letGo(source)
            return false
        }
        return true
    }

    private mutating func receivedFirst(_ id: ObjectID, owner: ProcessID, by source: Source) -> Bool {
        guard owner != process, !ended.contains(owner) else {
            letGo(source)
            return false
        }
        let position = tell(owner, .held(id))
        entries[id] = Entry(owner: owner, registration: .toBeHeld(at: position), handles: 1)
        wait(source, for: id, owner: owner)
        return true
    }

    /// Tells the sender of a frame that does not have to wait.
    private mutating func letGo(_ source: Source) {
        guard case .frame(let sender, let token) = source else { return }
        tell(sender, .arrived(token: token))
    }

    /// Keeps what the reference came from until the owner has answered.
    private mutating func wait(_ source: Source, for id: ObjectID, owner: ProcessID) {
        switch source {
        case .frame(let sender, let token):
            // The owner reads `held` first: it is queued before this.
            guard sender != owner else { return letGo(source) }
            arriving[Passage(sender: sender, token: token), default: Arrival()].count += 1
        case .object(let outer):
            guard let slot = entries.index(forKey: outer), entries.values[slot].holdInside() else {
                preconditionFailure("\(process) has read \(id) inside \(outer), of which it has no handle")
            }
        }
        entries[id]?.waiting.append(source)
    }

    /// Lets go of what references came from: the owner has answered, or need not.
    mutating func settle(_ sources: [Source]) {
        for source in sources {
            switch source {
            case .frame(let sender, let token): registered(Passage(sender: sender, token: token))
            case .object(let outer):
                guard let slot = entries.index(forKey: outer) else {
                    preconditionFailure("\(outer) has gone from \(process) before what was read inside it")
                }
                if entries.values[slot].letGoInside() { loose.append(outer) }
            }
        }
    }

    private mutating func registered(_ passage: Passage) {
        // Not there when the sender has ended.
        guard var arrival = arriving[passage] else { return }
        arrival.count -= 1
        arriving[passage] = arrival.count > 0 ? arrival : nil
        if !arrival.isRetracted {
            tell(passage.sender, .arrived(token: passage.token))
        } else if arrival.count == 0 {
            tell(passage.sender, .settled(token: passage.token))
        }
    }

    /// Tokens that one peer has asked back.
    struct AskedBack: Hashable, Sendable {
        /// They wait for the frames that were under way when it began to catch up with them.
        var waiting: [UInt64]
        /// Asked back since.
        var next: [UInt64] = []
    }

    /// The sender's word on a token that this process may have received, or may be about to read: words overtake frames.
    mutating func askedBack(_ token: UInt64, by peer: ProcessID) {
        guard askedBack[peer] == nil else {
            askedBack[peer]?.next.append(token)
            return
        }
        catchUp(with: peer, [token])
    }

    private mutating func catchUp(with peer: ProcessID, _ tokens: [UInt64]) {
        askedBack[peer] = AskedBack(waiting: tokens)
        events.append(.catchUp(peer))
    }

    /// Every frame has been read that the peer had sent when `catchUp` was told, but those that nobody will read.
    package mutating func caughtUp(with peer: ProcessID) {
        guard let asked = askedBack.removeValue(forKey: peer) else { return }
        defer { tidy() }
        for token in asked.waiting { retract(Passage(sender: peer, token: token)) }
        if !asked.next.isEmpty { catchUp(with: peer, asked.next) }
    }

    private mutating func retract(_ passage: Passage) {
        retracted.insert(passage)
        if arriving[passage] != nil {
            // Received before: the sender lets go when it is registered.
            arriving[passage]?.isRetracted = true
        } else {
            tell(passage.sender, .settled(token: passage.token))
        }
    }
}
