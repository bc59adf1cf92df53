package import MantaCore

extension ReferenceTable {
    /// Enters an object of this process, with one handle.
    package mutating func created(_ id: ObjectID) {
        let entry = Entry(owner: process, registration: .owned, handles: 1)
        guard entries.updateValue(entry, forKey: id) == nil else {
            preconditionFailure("\(id) is entered already in \(process)")
        }
    }

    /// Adds a handle; there is one already.
    package mutating func retained(_ id: ObjectID) {
        guard let slot = entries.index(forKey: id), entries.values[slot].handles > 0 else {
            preconditionFailure("\(process) has no handle of \(id)")
        }
        entries.values[slot].handles += 1
    }

    /// Takes a handle away.
    package mutating func released(_ id: ObjectID) {
        guard let slot = entries.index(forKey: id), entries.values[slot].handles > 0 else {
            preconditionFailure("\(process) has no handle of \(id)")
        }
        entries.values[slot].handles -= 1
        guard entries.values[slot].isLoose else { return }
        loose.append(id)
        tidy()
    }

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
        guard let slot = entries.index(forKey: id) else { return receivedFirst(id, owner: owner, by: source) }
        let entry = (owner: entries.values[slot].owner, registration: entries.values[slot].registration)
        switch entry.registration {
        case .owned, .held:
            entries.values[slot].handles += 1
            letGo(source)
        case .toBeReturned(let position):
            // The owner has not heard of it: as if it had never been queued.
            entries.values[slot].handles += 1
            entries.values[slot].registration = .held
            cancel(at: position, to: entry.owner)
            letGo(source)
        case .toBeHeld, .holding:
            entries.values[slot].handles += 1
            wait(source, for: id, owner: entry.owner)
        case .returning:
            entries.values[slot].handles += 1
            let position = tell(entry.owner, .held(id))
            entries.values[slot].registration = .toBeHeld(at: position, returning: true)
            wait(source, for: id, owner: entry.owner)
        case .lost, .ownerDied:
            letGo(source)
            tidy()
            return false
        }
        tidy()
        return true
    }

    private mutating func receivedFirst(_ id: ObjectID, owner: ProcessID, by source: Source) -> Bool {
        guard owner != process, !ended.contains(owner) else {
            letGo(source)
            tidy()
            return false
        }
        let position = tell(owner, .held(id))
        entries[id] = Entry(
            owner: owner,
            registration: .toBeHeld(at: position, returning: false),
            handles: 1
        )
        wait(source, for: id, owner: owner)
        tidy()
        return true
    }

    /// Keeps what the reference came from until the owner has answered.
    private mutating func wait(_ source: Source, for id: ObjectID, owner: ProcessID) {
        switch source {
        case .frame(let sender, _) where sender == owner:
            // The owner reads `held` first: it is queued before this.
            letGo(source)
            return
        case .frame(let sender, let token):
            arriving[Passage(sender: sender, token: token), default: Arrival()].count += 1
        case .object(let outer):
            guard let slot = entries.index(forKey: outer), !entries.values[slot].isLoose else {
                preconditionFailure("\(process) has read \(id) inside \(outer), of which it has no handle")
            }
            entries.values[slot].inside += 1
        }
        entries[id]?.waiting.append(source)
    }

    /// Tells the sender of a frame that did not have to wait.
    private mutating func letGo(_ source: Source) {
        guard case .frame(let sender, let token) = source else { return }
        tell(sender, .arrived(token: token))
    }

    /// Lets go of what the references to an object came from: its owner has answered, or need not.
    mutating func settleSources(of id: ObjectID) {
        guard let slot = entries.index(forKey: id), !entries.values[slot].waiting.isEmpty else { return }
        let sources = entries.values[slot].waiting
        entries.values[slot].waiting = []
        for source in sources {
            switch source {
            case .frame(let sender, let token): registered(Passage(sender: sender, token: token))
            case .object(let outer):
                guard let slot = entries.index(forKey: outer) else {
                    preconditionFailure("\(outer) has gone from \(process) before what was read inside it")
                }
                entries.values[slot].inside -= 1
                if entries.values[slot].isLoose { loose.append(outer) }
            }
        }
    }

    private mutating func registered(_ passage: Passage) {
        guard var arrival = arriving[passage] else { return }
        arrival.count -= 1
        arriving[passage] = arrival.count > 0 ? arrival : nil
        if !arrival.isRetracted {
            tell(passage.sender, .arrived(token: passage.token))
        } else if arrival.count == 0 {
            tell(passage.sender, .settled(token: passage.token))
        }
    }

    /// Draws the consequences for every entry that lost its last reference.
    ///
    /// A loop, because a chain of objects, each inside the next, may fall in one go.
    mutating func tidy() {
        while let id = loose.popLast() {
            guard let slot = entries.index(forKey: id), entries.values[slot].isLoose else { continue }
            let owner = entries.values[slot].owner
            switch entries.values[slot].registration {
            case .owned: free(id, at: slot)
            case .toBeHeld(let position, let returning):
                cancel(at: position, to: owner)
                settleSources(of: id)
                if returning {
                    entries[id]?.registration = .returning
                } else {
                    entries[id] = nil
                }
            case .held:
                entries.values[slot].registration = .toBeReturned(at: tell(owner, .returned(id)))
            case .lost, .ownerDied: entries.remove(at: slot)
            // For `holding`, the answer decides.
            case .holding, .toBeReturned, .returning: break
            }
        }
    }

    private mutating func free(_ id: ObjectID, at slot: Dictionary<ObjectID, Entry>.Index) {
        let keepers = entries.remove(at: slot).value.keepers
        events.append(.freed(id))
        for keeper in keepers.sorted(by: { $0.rawValue < $1.rawValue }) { tell(keeper, .freed(id)) }
    }
}

// MARK: - Copies
extension ReferenceTable {
    /// Notes that a node has a copy, so that its keeper is told when the object is freed.
    ///
    /// - Parameters:
    ///   - id: An object of this process.
    ///   - keeper: The process that keeps the node's store.
    /// - Returns: False when the object is not owned here any more: the copy is of no use.
    package mutating func copied(_ id: ObjectID, to keeper: ProcessID) -> Bool {
        guard let slot = entries.index(forKey: id), entries.values[slot].registration == .owned else {
            return false
        }
        if keeper != process, !ended.contains(keeper) { entries.values[slot].keepers.insert(keeper) }
        return true
    }

    /// Has a keeper free its copies of an object that may be freed already.
    package mutating func tellFreed(_ id: ObjectID, to keeper: ProcessID) {
        tell(keeper, .freed(id))
    }
}
