import MantaCore
import MantaObjectStore
import MantaTransport

/// A reference of this process that is counted: when the last one to an object goes, its owner is told.
final class ObjectHandle: Sendable {
    let id: ObjectID
    let owner: ProcessID
    let client: ObjectClient
    /// `false` for one that came too late to be counted: the object is gone.
    let isCounted: Bool

    /// Takes over one count of the table.
    init(_ id: ObjectID, owner: ProcessID, client: ObjectClient, isCounted: Bool = true) {
        self.id = id
        self.owner = owner
        self.client = client
        self.isCounted = isCounted
    }

    deinit { if isCounted { client.released(id) } }

    /// Why there is nothing to read, if that is known.
    func checkReadable() throws(ClusterError) {
        guard isCounted else { throw client.gone(id, owner) }
        try client.checkReadable(id)
    }
}

/// A reference that is encoded in a frame: holds the object until the frame has been read, or nobody will read it.
final class ObjectPassage: Sendable {
    let token: UInt64
    private let id: ObjectID
    private let client: ObjectClient

    init(_ handle: ObjectHandle) {
        id = handle.id
        client = handle.client
        token = handle.client.change { $0.embarked(handle.id) }
    }

    /// The frame goes to `peer` now.
    func sent(to peer: ProcessID) { client.change { $0.sent(token, to: peer) } }

    /// The frame may be sent more than once, and is read at most once: it need not be held after that.
    func endWithArrival() { client.change { $0.endsWithArrival(token) } }

    /// Where a copy of it is, as far as this process knows, and how large it is.
    var known: (node: NodeID, byteCount: Int)? { client.knownPlace(of: id) }

    /// How large the object is; 0 for one of another process.
    var heldByteCount: Int { client.byteCount(of: id) }

    deinit { client.concluded(token) }
}
