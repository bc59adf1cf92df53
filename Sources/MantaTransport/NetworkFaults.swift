internal import CMantaShims
package import MantaCore
import Synchronization

/// A network that fails, for tests: what this process cannot reach for now.
///
/// Between this process and those of a host that is cut off no byte passes, and nothing is refused: links stand still in
/// both directions, new ones hang. After `heal()` what was sent on either side arrives, as with TCP. It is enough that one
/// of two processes knows of it. Only a cluster that is made for tests has one.
package final class NetworkFaults: Sendable {
    private struct State {
        var cutHosts: Set<ProcessID> = []
        var links: [ObjectIdentifier: (peer: ProcessID, link: Link)] = [:]
        /// What is to go on after the healing.
        var held: [@Sendable () -> Void] = []
        /// Sockets of links that were closed while they were cut: the other side is not to learn that yet.
        var sockets: [Int32] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// Cuts this process off from all processes of `hosts`, those included that start later.
    package func cut(from hosts: Set<ProcessID>) async {
        let links = state.withLock { state in
            state.cutHosts.formUnion(hosts)
            return state.links.values.filter { state.cutHosts.contains($0.peer.host) }.map(\.link)
        }
        for link in links { await onLane(of: link) { link.cut(by: self) } }
    }

    package func heal() async {
        let (links, held, sockets) = state.withLock { state in
            defer { (state.cutHosts, state.held, state.sockets) = ([], [], []) }
            return (state.links.values.map(\.link), state.held, state.sockets)
        }
        for socket in sockets { _ = manta_close(socket) }
        for link in links { await onLane(of: link) { link.restore() } }
        for action in held { action() }
    }

    package func isCut(_ process: ProcessID) -> Bool {
        state.withLock { $0.cutHosts.contains(process.host) }
    }

    private func onLane(of link: Link, _ action: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            let isServed = link.lane.execute {
                action()
                continuation.resume()
            }
            if !isServed { continuation.resume() }
        }
    }

    // MARK: Links

    /// From here on, `link` is cut and restored with the others. Only on its lane, before it is used.
    package func entered(_ link: Link, to peer: ProcessID) {
        let isCut = state.withLock { state in
            state.links[ObjectIdentifier(link)] = (peer, link)
            return state.cutHosts.contains(peer.host)
        }
        if isCut { link.cut(by: self) }
    }

    package func left(_ link: Link) { state.withLock { $0.links[ObjectIdentifier(link)] = nil } }

    /// Closes a socket when the other side may learn of that.
    func close(_ socket: Int32) {
        let isHeld = state.withLock { state in
            if !state.cutHosts.isEmpty { state.sockets.append(socket) }
            return !state.cutHosts.isEmpty
        }
        if !isHeld { _ = manta_close(socket) }
    }

    /// Runs `action` once `process` can be reached: `false` when that is now.
    func hold(_ process: ProcessID, _ action: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            guard state.cutHosts.contains(process.host) else { return false }
            state.held.append(action)
            return true
        }
    }

    /// Waits until `process` can be reached.
    ///
    /// - Throws: `notConnected` when that takes longer than a greeting may.
    package func passage(to process: ProcessID) async throws(ClusterError) {
        let end = Lane.now + GreetingExchange.defaultPatience
        while isCut(process) {
            guard Lane.now < end else {
                throw ClusterError(
                    .notConnected,
                    "\(process) did not answer within \(GreetingExchange.defaultPatience)",
                    outcome: .notExecuted
                )
            }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }
}
