/// A copy of an object, as `objects()` lists it.
public struct ObjectInfo: Codable, Hashable, Sendable {
    /// What a node may have of an object.
    public enum Copy: String, Codable, Hashable, Sendable {
        /// The one that must not be lost, in memory.
        case primary
        /// One that was fetched from another node, and that may be dropped.
        case secondary
        /// The primary one, on the node's disk.
        case spilled
    }

    public var id: ObjectID
    /// Where the copy is.
    public var node: NodeID
    /// The process whose end is the object's end.
    public var owner: ProcessID
    public var copy: Copy
    /// Of the value's encoding, in bytes.
    public var byteCount: Int
    /// What it takes in the store, rounded to what the store hands out; 0 on the disk.
    public var storedByteCount: Int
    /// Processes of the node that read the copy at this moment.
    public var pins: Int
    /// References in the owner's process, those included that its other objects hold.
    public var localReferences: Int
    /// Other processes that have references.
    public var borrowers: Int
    /// References on their way to other processes.
    public var inTransit: Int
    /// Since the copy was made.
    public var age: Duration

    package init(
        id: ObjectID,
        node: NodeID,
        owner: ProcessID,
        copy: Copy,
        byteCount: Int,
        storedByteCount: Int,
        pins: Int,
        age: Duration
    ) {
        self.id = id
        self.node = node
        self.owner = owner
        self.copy = copy
        self.byteCount = byteCount
        self.storedByteCount = storedByteCount
        self.pins = pins
        self.age = age
        localReferences = 0
        borrowers = 0
        inTransit = 0
    }
}

/// What a node's store has and may have, in bytes.
package struct StoreFigures: Codable, Hashable, Sendable {
    package var capacity: Int
    package var used: Int

    package init(capacity: Int = 0, used: Int = 0) {
        self.capacity = capacity
        self.used = used
    }
}
