package import MantaCore

/// What there is to know of an object before its bytes.
package struct ObjectHead: Hashable, Sendable {
    package var id: ObjectID
    /// Of the whole object, wherever a transfer starts.
    package var byteCount: Int
    /// From 0 to 63: the bytes begin so far behind a 64-byte boundary.
    package var lead: Int
    package var owner: ProcessID
    package var holdsReferences: Bool

    package init(id: ObjectID, byteCount: Int, lead: Int, owner: ProcessID, holdsReferences: Bool) {
        self.id = id
        self.byteCount = byteCount
        self.lead = lead
        self.owner = owner
        self.holdsReferences = holdsReferences
    }

    package init(of source: any BulkSource) {
        self.init(
            id: source.id,
            byteCount: source.byteCount,
            lead: source.lead,
            owner: source.owner,
            holdsReferences: source.holdsReferences
        )
    }
}
