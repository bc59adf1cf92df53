internal import Glibc
package import MantaCore
import MantaTransport
import Synchronization

// Where processes are. Those of this node have a socket in its folder; those of others are behind the ports of their
// nodes, which the directory knows.

extension ClusterSystem {
    /// Remembers where a process, and with it all of its node, is found. One of this node is found in its folder.
    package func learn(_ process: ProcessID, at endpoint: Endpoint) {
        guard case .node(let address) = endpoint, address != options.network?.address else { return }
        addresses.withLock { $0[process.host] = endpoint }
    }

    /// Where calls to the control lane of `process` go.
    ///
    /// - Throws: ``ClusterError`` when the directory says that the process has ended, or does not answer.
    func location(ofControlLaneOf process: ProcessID) async throws -> ActorLocation {
        controlLane(of: process, at: try await endpoint(of: process))
    }

    func controlLane(of process: ProcessID, at endpoint: Endpoint) -> ActorLocation {
        ActorLocation(
            process: process,
            endpoint: endpoint,
            lane: Greeting.controlLane,
            epoch: 0,
            maxPendingCalls: .max
        )
    }

    private func endpoint(of process: ProcessID) async throws -> Endpoint {
        let here = Endpoint.unix(path: options.socketPath(of: process))
        // The GCS is found by trying: see `greetedSocket`.
        guard let network = options.network, process != network.gcs, !isHere(process) else { return here }
        if let known = addresses.withLock({ $0[process.host] }) { return known }
        guard let directory = currentDirectory() else { throw notConnected() }
        let id = ActorID.system(0, process: process)
        switch try await directory.fate(of: id) {
        case .alive(let location):
            learn(process, at: location.endpoint)
            return location.endpoint
        case let fate: throw error(for: fate, id, outcome: .notExecuted) ?? notConnected()
        }
    }

    /// Whether a process listens in the folder of this node.
    private func isHere(_ process: ProcessID) -> Bool {
        process.host == self.process.host || access(options.socketPath(of: process), F_OK) == 0
    }

    /// A connection to the process in which an actor is, greeted.
    func greetedSocket(at location: ActorLocation, on lane: Lane) async throws -> GreetedSocket {
        let greeting = greeting(to: location.process, lane: location.lane)
        let here = Endpoint.unix(path: options.socketPath(of: location.process))
        guard let network = options.network else {
            return try await MantaTransport.connect(to: location.endpoint, on: lane, greeting: greeting)
        }
        if location.process == network.gcs {
            return try await greetedHead(network, here, on: lane, greeting)
        }
        let isOwn = location.endpoint == .node(network.address)
        let endpoint = isOwn ? here : location.endpoint
        if !isOwn { learn(location.process, at: endpoint) }
        return try await MantaTransport.connect(to: endpoint, on: lane, greeting: greeting, network: network)
    }

    /// The process that hosts the GCS is wherever it answers: here, or at the first head that has it.
    private func greetedHead(
        _ network: Network,
        _ here: Endpoint,
        on lane: Lane,
        _ greeting: Greeting
    ) async throws -> GreetedSocket {
        if isHere(network.gcs) {
            return try await MantaTransport.connect(to: here, on: lane, greeting: greeting)
        }
        var failure = notConnected()
        for head in network.heads {
            do {
                return try await MantaTransport.connect(
                    to: head,
                    on: lane,
                    greeting: greeting,
                    tls: network.tls,
                    host: head.host
                )
            } catch {
                failure = error
                guard error.code == .notConnected else { throw error }
            }
        }
        throw failure
    }
}
