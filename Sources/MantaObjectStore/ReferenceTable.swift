package import MantaCore

/// The references to objects that one process has, and those that others have to its objects.
package struct ReferenceTable: Sendable {
    /// How a reference came into this process.
    package enum Source: Hashable, Sendable {
        /// In a frame: its sender holds the object until it hears that this token has arrived.
        case frame(from: ProcessID, token: UInt64)
        /// Inside another object, which holds it for as long as this process holds that one.
        case object(ObjectID)
    }

    /// What one process tells another, in order, each again until it is answered.
    package struct Update: Hashable, Sendable, Codable {
        package enum Change: Hashable, Sendable, Codable {
            /// To the owner: the sender has references now.
            case held(ObjectID)
            /// To the owner: the sender has none any more.
            case returned(ObjectID)
            /// To the sender of a frame: what it sent with this token is registered.
            case arrived(token: UInt64)
            /// To the receiver of a frame that nobody waits for any more: whatever of it has not arrived never will.
            case retracted(token: UInt64)
            /// To a node's keeper: free the copies of this object.
            case freed(ObjectID)
        }

        package var number: UInt64
        package var changes: [Change]
    }

    package struct Answer: Hashable, Sendable, Codable {
        package var number: UInt64
        /// Of those `held`: what the owner does not have, or not any more.
        package var unknown: [ObjectID]
    }

    /// What the process has to do.
    package enum Event: Hashable, Sendable {
        /// Nobody refers to this object of this process any more: free its copy in the own node's store.
        case freed(ObjectID)
        /// The owner, elsewhere, says that the copies on this process's nodes are to be freed.
        case forget(ObjectID)
    }

    package enum Status: Hashable, Sendable {
        case owned
        /// Held from its owner, or about to be.
        case borrowed(owner: ProcessID)
        /// Its owner has ended.
        case ownerDied(owner: ProcessID)
        /// Its owner does not know it any more.
        case lost(owner: ProcessID)
        case unknown
    }

    package struct Counts: Hashable, Sendable, Codable {
        /// Handles of this process.
        package var local = 0
        /// Processes that hold references to an object of this one.
        package var borrowers = 0
        /// Sent, and not yet arrived.
        package var inTransit = 0
    }

    package init(process: ProcessID) { fatalError() }

    // MARK: References of this process
    package mutating func created(_ id: ObjectID) { fatalError() }
    package mutating func retained(_ id: ObjectID) { fatalError() }
    package mutating func released(_ id: ObjectID) { fatalError() }
    package func status(of id: ObjectID) -> Status { fatalError() }
    package func counts(of id: ObjectID) -> Counts { fatalError() }

    // MARK: References on their way
    package mutating func embarked(_ id: ObjectID) -> UInt64 { fatalError() }
    package mutating func sent(_ token: UInt64, to peer: ProcessID) { fatalError() }
    package mutating func concluded(_ token: UInt64, now: Moment) { fatalError() }
    package mutating func received(_ id: ObjectID, owner: ProcessID, by source: Source, now: Moment) -> Bool { fatalError() }

    // MARK: Copies
    package mutating func copied(_ id: ObjectID, to keeper: ProcessID) -> Bool { fatalError() }
    package mutating func tellFreed(_ id: ObjectID, to keeper: ProcessID) { fatalError() }

    // MARK: Other processes
    package mutating func takeUpdates(now: Moment) -> [(peer: ProcessID, update: Update)] { fatalError() }
    package mutating func received(_ update: Update, from peer: ProcessID) -> Answer { fatalError() }
    package mutating func answered(_ answer: Answer, by peer: ProcessID, now: Moment) { fatalError() }
    package mutating func unanswered(_ number: UInt64, by peer: ProcessID, now: Moment) { fatalError() }
    package mutating func ended(_ process: ProcessID) { fatalError() }
    package mutating func takeEvents() -> [Event] { fatalError() }
    package var nextDeadline: Moment { fatalError() }
    package var peers: Set<ProcessID> { fatalError() }
    package var isEmpty: Bool { fatalError() }
}
