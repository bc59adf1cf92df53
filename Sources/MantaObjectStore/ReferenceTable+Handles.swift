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
        guard let slot = entries.index(forKey: id), entries.values[slot].retain() else {
            preconditionFailure("\(process) has no handle of \(id)")
        }
    }

    /// Takes a handle away.
    package mutating func released(_ id: ObjectID) {
        guard let slot = entries.index(forKey: id), let isLoose = entries.values[slot].release() else {
            preconditionFailure("\(process) has no handle of \(id)")
        }
        guard isLoose else { return }
        loose.append(id)
        tidy()
    }

    /// Draws the consequences for every entry that lost its last reference.
    ///
    /// A loop, because a chain of objects, each inside the next, may fall in one go.
    mutating func tidy() {
        while let id = loose.popLast() {
            guard let slot = entries.index(forKey: id) else { continue }
            switch entries.values[slot].onLoose() {
            case .none: break
            case .free: free(id, at: slot)
            case .giveBack(let owner):
                entries.values[slot].registration = .toBeReturned(at: tell(owner, .returned(id)))
            case .cancel(let owner, let position):
                cancel(at: position, to: owner)
                settle(entries.remove(at: slot).value.waiting)
            case .forget: entries.remove(at: slot)
            }
        }
    }

    private mutating func free(_ id: ObjectID, at slot: Dictionary<ObjectID, Entry>.Index) {
        let keepers = entries.remove(at: slot).value.keepers
        events.append(.freed(id))
        guard !keepers.isEmpty else { return }
        for keeper in keepers.sorted(by: { $0.rawValue < $1.rawValue }) { tell(keeper, .freed(id)) }
    }

    // MARK: Copies

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
        // This process learns it as an event.
        if keeper != process, !ended.contains(keeper) { entries.values[slot].keepers.insert(keeper) }
        return true
    }

    /// Has a keeper free its copies of an object that may be freed already.
    package mutating func tellFreed(_ id: ObjectID, to keeper: ProcessID) {
        tell(keeper, .freed(id))
    }
}
