import MantaCore
internal import MantaObjectStore
import Synchronization

/// The newest of the objects that their owners have let go of: for transfers that bring one all the same, from a node that
/// has not heard of it yet.
///
/// An object that has gone does not come back: its identifier is used once.
final class GoneObjects: Sendable {
    private let newest = Mutex(NewestSet<ObjectID>(limit: 10_000))

    func insert(_ id: ObjectID) { newest.withLock { _ = $0.insert(id) } }
    func contains(_ id: ObjectID) -> Bool { newest.withLock { $0.contains(id) } }
}
