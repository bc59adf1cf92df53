package import MantaCore
internal import Synchronization

/// Room for an object that is being written.
///
/// Nobody sees the object before it is sealed. When this goes unsealed, so does the object.
///
/// @unchecked: what is not constant is atomic; that only one thread writes a byte at a time, and none after `seal`, is
/// for who has it to see to.
package final class Reservation: @unchecked Sendable {
    package let id: ObjectID
    /// Where to write the object. What is in there before is anything.
    package let bytes: UnsafeMutableRawBufferPointer

    private let store: ObjectStore
    private let record: UInt32
    private let isDone = Atomic(false)

    init(id: ObjectID, store: ObjectStore, record: UInt32, bytes: UnsafeMutableRawBufferPointer) {
        self.id = id
        self.store = store
        self.record = record
        self.bytes = bytes
    }

    deinit {
        if !isDone.load(ordering: .acquiring) { store.settle(.reservation(record: record)) }
    }

    /// Shows the object to everybody; from here on it never changes.
    ///
    /// When it was freed meanwhile, it is gone with this, as if it had been freed right after.
    ///
    /// - Throws: `invalidArgument` the second time.
    package func seal() throws(ClusterError) {
        guard !isDone.exchange(true, ordering: .acquiringAndReleasing) else {
            throw ClusterError(.invalidArgument, "\(id) is sealed already")
        }
        let sealed = store.tables.record(record)
            .exchangeState(StoreRecord.State.unsealed, StoreRecord.State.sealed)
        if !sealed { store.settle(.reservation(record: record)) }
    }
}
