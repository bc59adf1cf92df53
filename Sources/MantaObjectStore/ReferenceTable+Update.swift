package import MantaCore

extension ReferenceTable {
    /// What one process tells another, in order, each again until it is answered.
    package struct Update: Hashable, Sendable, Codable {
        package enum Change: Hashable, Sendable, Codable {
            /// To the owner: the sender has references now.
            case held(ObjectID)
            /// To the owner: the sender has none any more.
            case returned(ObjectID)
            /// To the sender of a frame: what it sent with this token is registered, for one time that it was sent.
            case arrived(token: UInt64)
            /// To the receiver of a frame that nobody waits for any more: whatever of it has not arrived never will.
            case retracted(token: UInt64)
            /// To the sender of a frame, after `retracted`: what had arrived is registered, and no more is accepted.
            case settled(token: UInt64)
            /// To a node's keeper: free the copies of this object.
            case freed(ObjectID)
        }

        /// Counts the updates from this sender to this receiver, from 1.
        package var number: UInt64
        package var changes: [Change]

        package init(number: UInt64, changes: [Change]) {
            self.number = number
            self.changes = changes
        }
    }

    package struct Answer: Hashable, Sendable, Codable {
        /// Of the update.
        package var number: UInt64
        /// Of those `held`: what the owner does not have, or not any more.
        package var unknown: [ObjectID]

        package init(number: UInt64, unknown: [ObjectID] = []) {
            self.number = number
            self.unknown = unknown
        }
    }
}
