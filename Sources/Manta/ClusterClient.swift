internal import Logging
internal import MantaCore
internal import MantaGCS
internal import MantaRuntime
internal import MantaTransport
import Synchronization

/// What a driver or worker asks the GCS, and what it remembers of the answers.
final class ClusterClient: Sendable {
    let gcs: GCS
    let system: ClusterSystem
    let names = NameCache()
    private let follower = Mutex<Task<Void, Never>?>(nil)

    init(gcs: GCS, system: ClusterSystem) {
        self.gcs = gcs
        self.system = system
    }

    /// Runs a call to the control plane on its lane, within the deadline of calls: in a driver that hosts the
    /// control plane such a call stays in the process, where nothing else bounds it.
    func bounded<R: Sendable>(
        _ what: @autoclosure () -> String,
        _ body: @escaping @Sendable (GCS) async throws -> R
    ) async throws -> R {
        do {
            return try await withDeadline(CallContext.deadline(from: Lane.now)) { [self] in
                try await withTaskExecutorPreference(system.control.tasks) { try await body(gcs) }
            }
        } catch is DeadlinePassed {
            throw ClusterError(
                .timedOut,
                "the \(what()) did not end by its deadline",
                hint: "withCallOptions(timeout:) gives it more time"
            )
        }
    }

    // MARK: The feed

    /// Begins to follow what all processes are told. A task of its own, which belongs to the process; `stop()` ends it.
    func follow() {
        let task = Task.detached(executorPreference: system.control.tasks) { [self] in
            var cursor: UInt64?
            while !Task.isCancelled {
                do {
                    let news = try await gcs.news(after: cursor)
                    cursor = news.cursor
                    apply(news)
                } catch {
                    // What was missed may be all that is remembered.
                    names.disconnected()
                    cursor = nil
                    try? await Task.sleep(for: .milliseconds(500))
                }
            }
        }
        follower.withLock { $0 = task }
    }

    func stop() { follower.withLock { $0.take() }?.cancel() }

    private func apply(_ news: Feed.News) {
        for event in news.events {
            if case .processesLost(let processes) = event {
                for process in processes where process != system.process {
                    system.closeLinks(to: process, "its node was declared dead")
                }
            }
        }
        names.apply(news)
    }
}

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
