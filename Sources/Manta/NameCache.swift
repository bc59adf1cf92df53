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
        /// How far the feed has been followed; `nil` when it is not.
        var cursor: UInt64?
    }

    private let state = Mutex(State())

    subscript(name: QualifiedName) -> Entry? { state.withLock { $0.entries[name] } }

    /// Remembers an answer of the GCS that was given when the feed was at `cursor`.
    func insert(_ entry: Entry, for name: QualifiedName, at cursor: UInt64) {
        state.withLock { state in
            // What the feed has told since the answer was given may have been its end.
            guard let read = state.cursor, read <= cursor else { return }
            if state.entries.count >= Self.limit { state.entries.removeAll() }
            state.entries[name] = entry
        }
    }

    func apply(_ news: Feed.News) {
        state.withLock { state in
            state.cursor = news.cursor
            if news.hasGap { state.entries.removeAll() }
            for case .nameFreed(let name) in news.events { state.entries[name] = nil }
        }
    }

    func disconnected() { state.withLock { $0 = State() } }
}
