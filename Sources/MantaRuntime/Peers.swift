import MantaCore
import MantaTransport
import Synchronization

/// The connections of this process: those that it calls over, one for each lane of a peer, and those that it
/// serves.
///
/// All calls of this process to one lane of a peer take the same link, which is what keeps a task's calls to
/// an actor in order.
final class Peers: Sendable {
    private struct Key: Hashable {
        var process: ProcessID
        var lane: UInt8
    }

    private enum Entry {
        case connecting(Connecting)
        case connected(Connection)
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var connections: [ObjectIdentifier: Connection] = [:]
        var closed: String?
    }

    private let state = Mutex(State())
    private let faults: NetworkFaults?

    init(faults: NetworkFaults?) { self.faults = faults }

    /// Whether they were closed for good.
    var areClosed: Bool { state.withLock { $0.closed != nil } }

    var all: [Connection] { state.withLock { Array($0.connections.values) } }

    /// Those to which there is a link for calls, or one is being made.
    var calledProcesses: Set<ProcessID> { state.withLock { Set($0.entries.keys.map(\.process)) } }

    /// The connection to a lane of `process`, made by `connect` if there is none; callers at the same time
    /// share one.
    func connection(
        to process: ProcessID,
        lane: UInt8,
        connect: @escaping @Sendable () async throws -> Connection
    ) async throws -> Connection {
        let key = Key(process: process, lane: lane)
        let entry: Entry = try state.withLock { state throws(ClusterError) in
            if let entry = state.entries[key] { return entry }
            if let reason = state.closed { throw ClusterError(.notConnected, reason, outcome: .notExecuted) }
            let connecting = Connecting()
            // Unstructured, because it belongs to all callers that wait for it; it ends within the greeting's
            // patience.
            Task {
                do {
                    try await self.faults?.passage(to: process)
                    let connection = try await connect()
                    self.connected(connection, key)
                    connecting.end(.success(connection))
                } catch {
                    self.state.withLock { $0.entries[key] = nil }
                    connecting.end(.failure(error))
                }
            }
            state.entries[key] = .connecting(connecting)
            return .connecting(connecting)
        }
        switch entry {
        case .connected(let connection): return connection
        case .connecting(let connecting): return try await connecting.connection()
        }
    }

    /// The connection to a lane of `process`, if there is one.
    func connected(to process: ProcessID, lane: UInt8) -> Connection? {
        guard
            case .connected(let connection) = state.withLock({ $0.entries[Key(process: process, lane: lane)] }
            )
        else { return nil }
        return connection
    }

    func adopt(_ connection: Connection, lane: UInt8) {
        connected(connection, Key(process: connection.peer, lane: lane))
    }

    func accepted(_ connection: Connection) { enter(connection) }

    func removed(_ connection: Connection) {
        state.withLock { state in
            state.connections[ObjectIdentifier(connection)] = nil
            for (key, entry) in state.entries where key.process == connection.peer {
                if case .connected(connection) = entry { state.entries[key] = nil }
            }
        }
    }

    func close(_ reason: String) {
        let connections = state.withLock { state in
            state.closed = reason
            return Array(state.connections.values)
        }
        for connection in connections { connection.close(reason) }
    }

    private func connected(_ connection: Connection, _ key: Key) {
        enter(connection, as: key)
    }

    private func enter(_ connection: Connection, as key: Key? = nil) {
        let closed = state.withLock { state in
            // One that closed before it was entered is no entry: the next caller makes another.
            let isOpen = connection.isOpen
            if isOpen { state.connections[ObjectIdentifier(connection)] = connection }
            if let key { state.entries[key] = isOpen ? .connected(connection) : nil }
            return state.closed
        }
        if let closed { connection.close(closed) }
    }
}

/// A connection that is being made, and those who wait for it.
///
/// Whoever is cancelled, or passes its deadline, stops waiting at once; the others wait on.
private final class Connecting: Sendable {
    private struct State {
        var result: Result<Connection, any Error>?
        var waiters: [Int: CheckedContinuation<Connection, any Error>] = [:]
        var nextWaiter = 0
    }

    private let state = Mutex(State())

    func end(_ result: Result<Connection, any Error>) {
        let waiters = state.withLock { state in
            state.result = result
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume(with: result) }
    }

    func connection() async throws -> Connection {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<Connection, any Error>? = state.withLock { state in
                    if let result = state.result { return result }
                    // Cancelled before it waited: the handler below has found nobody.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    state.waiters[number] = continuation
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume(throwing: CancellationError())
        }
    }
}

extension Connection {
    fileprivate static func ~= (pattern: Connection, value: Connection) -> Bool { pattern === value }
}
