package import MantaCore

extension ReferenceTable {
    /// What one process tells another, in order, each again until it is answered.
    package struct Update: Hashable, Sendable {
        package enum Change: Hashable, Sendable {
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

/// The changes cross as one array of words, which is copied whole: for each its kind and its values, as
///
///     1 held      creator, serial        4 retracted token
///     2 returned  creator, serial        5 settled   token
///     3 arrived   token                  6 freed     creator, serial
extension ReferenceTable.Update: Codable {
    private enum CodingKeys: String, CodingKey { case number, changes }

    package func encode(to encoder: any Encoder) throws {
        var words: [UInt64] = []
        words.reserveCapacity(3 * changes.count)
        for change in changes {
            switch change {
            case .held(let id): words += [1, id.creator.rawValue, id.serial]
            case .returned(let id): words += [2, id.creator.rawValue, id.serial]
            case .arrived(let token): words += [3, token]
            case .retracted(let token): words += [4, token]
            case .settled(let token): words += [5, token]
            case .freed(let id): words += [6, id.creator.rawValue, id.serial]
            }
        }
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(number, forKey: .number)
        try container.encode(words, forKey: .changes)
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let words = try container.decode([UInt64].self, forKey: .changes)
        var changes: [Change] = []
        changes.reserveCapacity(words.count / 2)
        var index = 0
        while index < words.count {
            guard let change = Change(words[index...]) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .changes,
                    in: container,
                    debugDescription: "no change at word \(index) of \(words.count): \(words[index])"
                )
            }
            changes.append(change)
            index += change.wordCount
        }
        self.init(number: try container.decode(UInt64.self, forKey: .number), changes: changes)
    }
}

extension ReferenceTable.Update.Change {
    fileprivate var wordCount: Int {
        switch self {
        case .held, .returned, .freed: 3
        case .arrived, .retracted, .settled: 2
        }
    }

    fileprivate init?(_ words: ArraySlice<UInt64>) {
        let start = words.startIndex
        guard words.count >= 2 else { return nil }
        let token = words[start + 1]
        switch words[start] {
        case 3: self = .arrived(token: token)
        case 4: self = .retracted(token: token)
        case 5: self = .settled(token: token)
        case let kind:
            guard words.count >= 3 else { return nil }
            let id = ObjectID(creator: ProcessID(token), serial: words[start + 2])
            switch kind {
            case 1: self = .held(id)
            case 2: self = .returned(id)
            case 6: self = .freed(id)
            default: return nil
            }
        }
    }
}
