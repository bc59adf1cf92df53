internal import MantaCore

/// What one client pins, counted here, so that only the first pin of an object and the last unpin go to shared memory.
///
/// Pure state: the owner looks at the record, and removes nodes, outside.
struct LocalPins {
    struct Pinned {
        var record: UInt32
        /// The pin node that keeps the object.
        var node: UInt32
        /// How many `ObjectPin`s share it.
        var count: Int
    }

    private var current: [ObjectID: Pinned] = [:]
    /// By record, those whose id has or had another object. Each pin is in one of the two.
    private var others: [UInt32: Pinned] = [:]

    /// Joins the pin that is there.
    ///
    /// - Parameters:
    ///   - id: The object.
    ///   - isReadable: Tells whether the object of a record is sealed and not doomed.
    /// - Returns: Its record, or `nil` when there is no such pin: the object is to be looked for.
    mutating func join(_ id: ObjectID, isReadable: (UInt32) -> Bool) -> UInt32? {
        guard let index = current.index(forKey: id) else { return nil }
        let record = current.values[index].record
        guard isReadable(record) else {
            others[record] = current.remove(at: index).value
            return nil
        }
        current.values[index].count += 1
        return record
    }

    /// Enters a pin that was just made.
    ///
    /// - Returns: A node that is too many: another thread made the same pin meanwhile.
    mutating func add(_ id: ObjectID, record: UInt32, node: UInt32) -> UInt32? {
        if others[record] != nil {
            others[record]?.count += 1
            return node
        }
        if let old = current[id] {
            guard old.record != record else {
                current[id]?.count += 1
                return node
            }
            // One of the two is doomed: this one, if its thread comes late. Then `join` finds out.
            others[old.record] = old
        }
        current[id] = Pinned(record: record, node: node, count: 1)
        return nil
    }

    /// - Returns: The node to remove, when that was the last.
    mutating func leave(_ id: ObjectID, record: UInt32) -> UInt32? {
        if let index = current.index(forKey: id), current.values[index].record == record {
            current.values[index].count -= 1
            return current.values[index].count == 0 ? current.remove(at: index).value.node : nil
        }
        guard let pinned = others[record] else { return nil }
        guard pinned.count > 1 else {
            others[record] = nil
            return pinned.node
        }
        others[record]?.count -= 1
        return nil
    }

    var isEmpty: Bool { current.isEmpty && others.isEmpty }
}
