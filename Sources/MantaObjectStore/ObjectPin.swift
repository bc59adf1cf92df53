package import MantaCore
internal import Synchronization

/// An object that stays where it is for as long as this lives.
///
/// Keeps the whole store mapped, also when the `ObjectStore` is let go of.
package final class ObjectPin: Sendable {
    package let id: ObjectID
    package let owner: ProcessID
    private let traits: ObjectTraits
    private let offset: Int
    private let byteCount: Int

    let store: ObjectStore
    let record: UInt32
    private let isConsumed = Atomic(false)

    /// For a record that is pinned.
    init(id: ObjectID, store: ObjectStore, record: UInt32) {
        let entry = store.tables.record(record)
        self.id = id
        self.store = store
        self.record = record
        owner = entry.owner
        traits = entry.traits
        offset = entry.offset
        byteCount = entry.byteCount
    }

    deinit {
        if consume() { store.unpin(id, record: record) }
    }

    /// Whether this was the first to ask: who consumes it lets go of the object.
    func consume() -> Bool { !isConsumed.exchange(true, ordering: .acquiringAndReleasing) }

    package var role: ObjectStore.Role { traits.role }
    package var lead: Int { traits.lead }
    package var holdsReferences: Bool { traits.holdsReferences }
    /// The object. Empty when the pin was surrendered.
    package var bytes: UnsafeRawBufferPointer {
        guard !isConsumed.load(ordering: .acquiring) else {
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        return UnsafeRawBufferPointer(
            store.tables.bytes(offset: offset, lead: traits.lead, byteCount: byteCount)
        )
    }
}
