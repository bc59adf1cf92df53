package import MantaCore
import Synchronization

/// An object on its way here, from one source or from several in turn.
///
/// It keeps what has come: a transfer that fails is continued by the next one, from the first chunk that is missing.
/// One transfer at a time. Letting go of it lets go of the destination.
package final class IncomingObject<Destination: BulkDestination>: Sendable {
    package let id: ObjectID

    private struct State {
        var head: ObjectHead?
        var destination: Destination?
        var offset = 0
    }

    private let place: @Sendable (ObjectHead) throws(ClusterError) -> Destination?
    private let state = Mutex(State())

    /// - Parameters:
    ///   - id: The object.
    ///   - place: Gives memory of at least the head's byte count, once, when the first source has answered: on a thread of
    ///     the fetcher, which it may block. `nil` when the object is not wanted, for example because it is here already.
    package init(
        _ id: ObjectID,
        into place: @escaping @Sendable (ObjectHead) throws(ClusterError) -> Destination?
    ) {
        self.id = id
        self.place = place
    }

    /// What the first source said of it.
    package var head: ObjectHead? { state.withLock { $0.head } }
    /// Where it is received; `nil` before a source has answered.
    package var destination: Destination? { state.withLock { $0.destination } }
    /// How many of its first bytes are here, and are what the source had.
    package var receivedByteCount: Int { state.withLock { $0.offset } }
}

/// What the thread of a transfer does with it.
protocol ReceivingObject: AnyObject, Sendable {
    var id: ObjectID { get }
    var receivedByteCount: Int { get }

    /// The memory for the whole object, valid for as long as this lives.
    func begin(_ head: ObjectHead) throws(TransferError) -> UnsafeMutableRawBufferPointer

    /// All bytes before `offset` are here.
    func received(upTo offset: Int)
}

extension IncomingObject: ReceivingObject {
    func begin(_ head: ObjectHead) throws(TransferError) -> UnsafeMutableRawBufferPointer {
        let known = state.withLock { state in state.head.map { ($0, state.destination) } }
        if let (first, destination) = known {
            guard first.hasSameBytes(as: head) else {
                throw .wrongObject("\(id) was \(describe(first)) and is now \(describe(head))")
            }
            if let destination { return destination.bytes }
        }
        // Not under the lock: it may wait for room in the store.
        let found: Destination?
        do {
            found = try place(head)
        } catch {
            throw .noPlace(error)
        }
        guard let found else { throw .notWanted }
        precondition(
            found.bytes.count >= head.byteCount,
            "\(found.bytes.count) bytes are no place for the \(head.byteCount) of \(id)"
        )
        state.withLock { state in
            state.head = head
            state.destination = found
        }
        return found.bytes
    }

    func received(upTo offset: Int) { state.withLock { $0.offset = offset } }
}

extension ObjectHead {
    /// Whether a transfer can go on from a source that says `other`. The owner may have changed since a copy was made.
    fileprivate func hasSameBytes(as other: ObjectHead) -> Bool {
        byteCount == other.byteCount && lead == other.lead && holdsReferences == other.holdsReferences
    }
}

private func describe(_ head: ObjectHead) -> String {
    "\(head.byteCount) bytes with lead \(head.lead)" + (head.holdsReferences ? " and references" : "")
}
