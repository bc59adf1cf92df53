/// A value behind a pointer, so that tables of large values waste no room on empty places, and copies of it are cheap.
///
/// Copied when it is changed while somebody else has it too, so it is a value like what is in it.
struct Boxed<Value: Sendable>: Sendable {
    // Changed only by the one box that refers to it, and so only by one thread.
    private final class Storage: @unchecked Sendable {
        var value: Value
        init(_ value: Value) { self.value = value }
    }

    private var storage: Storage

    init(_ value: Value) { storage = Storage(value) }

    var value: Value {
        get { storage.value }
        _modify {
            if !isKnownUniquelyReferenced(&storage) { storage = Storage(storage.value) }
            yield &storage.value
        }
    }
}
