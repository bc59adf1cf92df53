internal import CMantaShims
internal import MantaRaylet
import Synchronization

/// The node that a daemon is at the moment: none while it joins again, and none after its end.
final class NodeSlot: Sendable {
    private struct State {
        var node: NodeHost?
        var rejoining: Task<Void, Never>?
        var isStopped = false
    }

    private let state = Mutex(State())

    var current: NodeHost? { state.withLock { $0.node } }
    var isStopped: Bool { state.withLock { $0.isStopped } }

    /// - Returns: `false` when the daemon has stopped meanwhile.
    func put(_ node: NodeHost) -> Bool {
        state.withLock { state in
            guard !state.isStopped else { return false }
            state.node = node
            return true
        }
    }

    func take() -> NodeHost? { state.withLock { $0.node.take() } }

    /// Keeps the task that `begin` starts, unless the daemon has stopped.
    func rejoin(_ begin: @Sendable () -> Task<Void, Never>) {
        state.withLock { state in
            guard !state.isStopped else { return }
            state.rejoining = begin()
        }
    }

    func stop() -> (node: NodeHost?, rejoining: Task<Void, Never>?) {
        state.withLock { state in
            state.isStopped = true
            state.rejoining?.cancel()
            return (state.node.take(), state.rejoining.take())
        }
    }

    /// Takes over a socket of somebody who wants objects.
    func takeForObjects(_ socket: Int32) {
        guard let node = current else {
            _ = manta_close(socket)
            return
        }
        node.store.serve(socket)
    }
}
