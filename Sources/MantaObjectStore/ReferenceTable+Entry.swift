internal import MantaCore

extension ReferenceTable {
    /// What this process knows of one object.
    struct Entry: Hashable, Sendable {
        /// How an object stands with its owner. The positions are those of the change in the owner's queue.
        enum Registration: Hashable, Sendable {
            /// This process is the owner.
            case owned
            /// `held` is queued; if `returning`, behind a `returned` that has not been answered.
            case toBeHeld(at: Int, returning: Bool)
            /// `held` is in flight.
            case holding
            /// The owner has this process as a borrower.
            case held
            /// `returned` is queued.
            case toBeReturned(at: Int)
            /// `returned` is in flight.
            case returning
            /// The owner did not know it.
            case lost
            case ownerDied
        }

        let owner: ProcessID
        var registration: Registration
        var handles = 0
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
