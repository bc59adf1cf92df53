internal import MantaCore
internal import MantaGCS
import Synchronization

/// The actors of names that this process has looked up.
///
/// An entry is as good as the answer of the GCS, but for the time that word of a name's end takes to come.
final class NameCache: Sendable {
    private static let limit = 10_000

    struct Entry: Sendable {
        var id: ActorID
        var mangledTypeName: String
        var typeName: String
        /// The type as which it was found before.
        var knownType: ObjectIdentifier?
    }

    private struct State {
        var entries: [QualifiedName: Entry] = [:]
        /// Their names. An actor has one.
        var names: [ActorID: QualifiedName] = [:]
        /// How far the feed has been followed; `nil` when it is not.
        var cursor: UInt64?

        mutating func remove(_ name: QualifiedName) {
            if let entry = entries.removeValue(forKey: name) { names[entry.id] = nil }
        }

        mutating func removeAll() { (entries, names) = ([:], [:]) }
    }

    private let state = Mutex(State())

    subscript(name: QualifiedName) -> Entry? { state.withLock { $0.entries[name] } }

    /// Remembers an answer of the GCS that was given when the feed was at `cursor`.
    func insert(_ entry: Entry, for name: QualifiedName, at cursor: UInt64) {
        state.withLock { state in
            // What the feed has told since the answer was given may have been its end.
            guard let read = state.cursor, read <= cursor else { return }
            if state.entries.count >= Self.limit { state.removeAll() }
            state.remove(name)
            state.entries[name] = entry
            state.names[entry.id] = name
        }
    }

    /// Forgets the name of an actor that is known to be dead, without waiting for word of it.
    func forget(_ id: ActorID) {
        state.withLock { state in if let name = state.names[id] { state.remove(name) } }
    }

    func apply(_ news: Feed.News) {
        state.withLock { state in
            state.cursor = news.cursor
            if news.hasGap { state.removeAll() }
            for case .nameFreed(let name) in news.events { state.remove(name) }
        }
    }

    func disconnected() { state.withLock { $0 = State() } }
}
