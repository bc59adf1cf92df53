public import MantaCore
import Synchronization

extension TestCluster {
    /// A node of a test cluster: a raylet and its workers.
    ///
    /// `alive ⇄ paused`, and from either to `killed`.
    public final class Node: Sendable {
        public let id: NodeID
        /// The process that hosts its raylet, and starts its workers.
        let host: ProcessID
        private let backend: any NodeBackend
        private let state = Mutex(State.alive)

        private enum State { case alive, paused, killed }

        init(_ id: NodeID, host: ProcessID, backend: any NodeBackend) {
            self.id = id
            self.host = host
            self.backend = backend
        }

        /// Ends the raylet and all workers of the node at once, as a power failure would; returns when they are gone.
        /// Killing a killed node does nothing.
        ///
        /// The cluster learns at once that nobody answers there, and declares the node dead.
        public func kill() async throws {
            let wasKilled = state.withLock { state in
                defer { state = .killed }
                return state == .killed
            }
            if !wasKilled { await backend.kill() }
        }

        /// Stops the raylet and all workers where they are, until they are resumed: they read nothing, and run nothing.
        ///
        /// Paused for longer than the bounds of ``withTestCluster(nodes:_:resources:silence:grace:logLevel:isolation:_:)``,
        /// a node is declared dead; when it is resumed it is told, ends what it runs, and does not come back.
        ///
        /// In an in-process cluster, returns when methods that run have come to their next suspension.
        ///
        /// - Throws: ``ClusterError`` with code `invalidArgument` for a node that has been killed.
        public func pause() async throws {
            let before = try change(to: .paused, "be paused")
            if before == .alive { await backend.pause() }
        }

        /// Lets a paused node go on; one that is not paused does anyway.
        ///
        /// - Throws: ``ClusterError`` with code `invalidArgument` for a node that has been killed.
        public func resume() async throws {
            let before = try change(to: .alive, "be resumed")
            if before == .paused { await backend.resume() }
        }

        private func change(to new: State, _ what: String) throws(ClusterError) -> State {
            let before = state.withLock { state in
                defer { if state != .killed { state = new } }
                return state
            }
            if before == .killed { throw refusal(what, "has been killed") }
            return before
        }

        // MARK: For the cluster

        /// Whether nothing of it runs any more: it was killed, or fenced.
        package var hasEnded: Bool { backend.hasEnded }

        /// Whether it has not been killed.
        var isAlive: Bool { state.withLock { $0 != .killed } }

        func checkNotPaused(_ what: String) throws(ClusterError) {
            if state.withLock({ $0 == .paused }) { throw refusal(what, "is paused") }
        }

        private func refusal(_ what: String, _ why: String) -> ClusterError {
            ClusterError(.invalidArgument, "\(id) \(why) and cannot \(what)")
        }

        func killWorker(_ worker: ProcessID, _ operatingSystemID: Int32) {
            backend.killWorker(worker, operatingSystemID)
        }

        func resumeIfPaused() async {
            let wasPaused = state.withLock { state in
                defer { if state == .paused { state = .alive } }
                return state == .paused
            }
            if wasPaused { await backend.resume() }
        }

        func stop() async { await backend.stop() }
    }
}
