internal import MantaCore

extension ReferenceTable {
    /// What this process knows of one object.
    ///
    /// Its functions change it where it lies in the table: to read a property there costs a copy with all its counts.
    struct Entry: Hashable, Sendable {
        /// How an object stands with its owner. The positions are those of the change in the owner's queue.
        enum Registration: Hashable, Sendable {
            /// This process is the owner.
            case owned
            /// `held` is queued.
            case toBeHeld(at: Int)
            /// `held` is in flight.
            case holding
            /// The owner has this process as a borrower.
            case held
            /// `returned` is queued.
            case toBeReturned(at: Int)
            /// The owner did not know it.
            case lost
            case ownerDied
        }

        let owner: ProcessID
        var registration: Registration
        var handles: Int
        /// Tokens of references to it.
        var inTransit = 0
        /// Waiting sources of other entries that are this object.
        var inside = 0
        /// Where references came from that are let go when the owner has answered.
        var waiting: [Source] = []
        /// Of an owned object: who has registered.
        var borrowers: Set<ProcessID> = []
        /// Of an owned object: who has copies.
        var keepers: Set<ProcessID> = []

        init(owner: ProcessID, registration: Registration, handles: Int) {
            self.owner = owner
            self.registration = registration
            self.handles = handles
        }

        /// Whether nothing holds it.
        var isLoose: Bool { handles == 0 && inTransit == 0 && inside == 0 && borrowers.isEmpty }

        /// - Returns: False when there is no handle, to which this would be a second one.
        mutating func retain() -> Bool {
            guard handles > 0 else { return false }
            handles += 1
            return true
        }

        /// - Returns: Whether nothing holds it now; `nil` when there is no handle.
        mutating func release() -> Bool? {
            guard handles > 0 else { return nil }
            handles -= 1
            return isLoose
        }

        /// - Returns: False when there is no handle.
        mutating func embark() -> Bool {
            guard handles > 0 else { return false }
            inTransit += 1
            return true
        }

        /// - Returns: Whether nothing holds it now.
        mutating func arrive() -> Bool {
            inTransit -= 1
            return isLoose
        }

        /// - Returns: False when nothing holds it.
        mutating func holdInside() -> Bool {
            guard !isLoose else { return false }
            inside += 1
            return true
        }

        /// - Returns: Whether nothing holds it now.
        mutating func letGoInside() -> Bool {
            inside -= 1
            return isLoose
        }

        enum OnReceived {
            /// The owner knows of this process, or is it.
            case registered
            /// It does, and this is not to be taken back any more.
            case registeredAgain(owner: ProcessID, position: Int)
            /// It does not yet.
            case waits(owner: ProcessID)
            case refused
        }

        /// Adds a handle, unless the object is gone.
        mutating func receive() -> OnReceived {
            switch registration {
            case .owned, .held:
                handles += 1
                return .registered
            case .toBeReturned(let position):
                handles += 1
                registration = .held
                return .registeredAgain(owner: owner, position: position)
            case .toBeHeld, .holding:
                handles += 1
                return .waits(owner: owner)
            case .lost, .ownerDied: return .refused
            }
        }

        enum OnLoose {
            /// It is held, or what has to be said of it is under way.
            case none
            case free
            /// The owner has to be told.
            case giveBack(owner: ProcessID)
            /// The owner was to be told of it, and need not be.
            case cancel(owner: ProcessID, position: Int)
            case forget
        }

        /// What follows when nothing holds it.
        mutating func onLoose() -> OnLoose {
            guard isLoose else { return .none }
            return switch registration {
            case .owned: .free
            case .held: .giveBack(owner: owner)
            case .toBeHeld(let position): .cancel(owner: owner, position: position)
            case .lost, .ownerDied: .forget
            // The answer decides, or the next update says it.
            case .holding, .toBeReturned: .none
            }
        }

        /// - Returns: The sources that waited.
        mutating func takeWaiting() -> [Source] {
            defer { if !waiting.isEmpty { waiting = [] } }
            return waiting
        }

        /// - Returns: False when the object is another process's.
        mutating func register(_ borrower: ProcessID) -> Bool {
            guard registration == .owned else { return false }
            borrowers.insert(borrower)
            return true
        }

        /// - Returns: Whether nothing holds it now.
        mutating func unregister(_ borrower: ProcessID) -> Bool {
            borrowers.remove(borrower)
            return isLoose
        }

        func concerns(_ peer: ProcessID) -> Bool {
            owner == peer || borrowers.contains(peer) || keepers.contains(peer)
        }

        /// - Returns: Whether nothing holds it now.
        mutating func ended(_ peer: ProcessID) -> Bool {
            borrowers.remove(peer)
            keepers.remove(peer)
            if owner == peer { registration = .ownerDied }
            return isLoose
        }

        /// The owner has answered to `held`.
        ///
        /// - Returns: Whether nothing holds it by now; `nil` when that was not asked for any more.
        mutating func answered(isKnown: Bool) -> Bool? {
            guard registration == .holding else { return nil }
            registration = isKnown ? .held : .lost
            return isLoose
        }
    }

    /// One reference on its way, as both of its ends know it.
    struct Passage: Hashable, Sendable {
        var sender: ProcessID
        var token: UInt64
    }

    /// A received token whose reference is not registered yet.
    struct Arrival: Hashable, Sendable {
        /// How often it was received.
        var count = 0
        /// Whether its sender has asked it back since.
        var isRetracted = false
    }
}
