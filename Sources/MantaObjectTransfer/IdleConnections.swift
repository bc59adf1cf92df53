internal import MantaCore
import Synchronization

/// Connections that wait for the next transfer, one for an endpoint.
final class IdleConnections: Sendable {
    private struct State {
        /// The one that was used last comes last.
        var connections: [(endpoint: Endpoint, stream: any BulkStream)] = []
        var isClosed = false
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    func take(_ endpoint: Endpoint) -> (any BulkStream)? {
        state.withLock { state in
            guard let index = state.connections.firstIndex(where: { $0.endpoint == endpoint }) else {
                return nil
            }
            return state.connections.remove(at: index).stream
        }
    }

    /// Keeps `stream`, or closes it: when there is one already, or no place.
    func put(_ stream: any BulkStream, _ endpoint: Endpoint) {
        let superfluous: (any BulkStream)? = state.withLock { state in
            guard !state.isClosed, limit > 0, !state.connections.contains(where: { $0.endpoint == endpoint })
            else { return stream }
            state.connections.append((endpoint, stream))
            return state.connections.count > limit ? state.connections.removeFirst().stream : nil
        }
        superfluous?.close()
    }

    func close() {
        let streams = state.withLock { state in
            state.isClosed = true
            defer { state.connections = [] }
            return state.connections.map(\.stream)
        }
        for stream in streams { stream.close() }
    }
}
