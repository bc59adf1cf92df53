internal import Dispatch
internal import Logging
internal import MantaCore
import Synchronization

/// What a node's store has to do soon, one after another on the thread for the disk.
///
/// A process that is stopped may have the lock of the store for a while. What meets that is done again until it is done,
/// because nobody says it a second time; so each chore must bear being done twice.
final class StoreChores: Sendable {
    typealias Chore = @Sendable () throws -> Void

    private struct State {
        /// No more than there are objects and ends of processes while a process that is stopped has the lock.
        var due: [Chore] = []
        /// The first of them is tried again after a while: no others wait for the lock meanwhile.
        var isPaused = false
        var isStopped = false
    }

    private let state = Mutex(State())
    private let queue: DispatchQueue
    private let pause: DispatchTimeInterval
    private let logger: Logger

    /// - Parameters:
    ///   - queue: Where they are done; it is to be serial.
    ///   - pause: How long after a chore met the lock it is done again.
    ///   - logger: Is told what cannot be done.
    init(on queue: DispatchQueue, pause: DispatchTimeInterval = .seconds(1), logger: Logger) {
        self.queue = queue
        self.pause = pause
        self.logger = logger
    }

    /// Does `chore` in a moment.
    func add(_ chore: @escaping Chore) {
        state.withLock { $0.due.append(chore) }
        queue.async { self.run() }
    }

    /// Nothing is done again from now on.
    func stop() {
        let left = state.withLock { state in
            state.isStopped = true
            defer { if state.isPaused { state.due = [] } }
            return state.due
        }
        // Let go of when the lock is.
        withExtendedLifetime(left) {}
    }

    private func run() {
        let due = state.withLock { state -> [Chore] in
            guard !state.isPaused else { return [] }
            defer { state.due = [] }
            return state.due
        }
        for index in due.indices {
            do {
                try due[index]()
            } catch {
                guard (error as? ClusterError)?.code == .overloaded else {
                    logger.warning("objects were not freed", metadata: ["error": "\(error)"])
                    continue
                }
                logger.warning("the object store does not answer: once more", metadata: ["error": "\(error)"])
                return putBack(due[index...])
            }
        }
    }

    private func putBack(_ rest: ArraySlice<Chore>) {
        let isWanted = state.withLock { state in
            guard !state.isStopped else { return false }
            state.due = rest + state.due
            state.isPaused = true
            return true
        }
        guard isWanted else { return }
        queue.asyncAfter(deadline: .now() + pause) { [weak self] in
            guard let self else { return }
            self.state.withLock { $0.isPaused = false }
            self.run()
        }
    }
}
