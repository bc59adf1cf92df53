internal import MantaCore
internal import MantaRuntime
import Synchronization

/// The one cluster of a program's process: `idle → connecting → connected → idle`.
enum Driver {
    private enum State {
        case idle
        case connecting(waiters: [CheckedContinuation<Turn, Never>])
        case connected(any DriverCluster)
    }

    /// What is left for a caller of `connect` to do.
    private enum Turn: Sendable {
        case start
        case done(Result<ClusterSystem, any Error>)
    }

    private static let state = Mutex(State.idle)

    /// The running system, started by the first of those who ask at once; in a worker process, the worker's
    /// life.
    static func connect(_ configuration: ClusterConfiguration) async throws -> (
        system: ClusterSystem, isFirst: Bool
    ) {
        try await ProcessRole.serveUnlessDriver()
        let turn = await withCheckedContinuation { continuation in
            let turn: Turn? = state.withLock { state in
                switch state {
                case .idle:
                    state = .connecting(waiters: [])
                    return .start
                case .connecting(let waiters):
                    state = .connecting(waiters: waiters + [continuation])
                    return nil
                case .connected(let cluster): return .done(.success(cluster.system))
                }
            }
            if let turn { continuation.resume(returning: turn) }
        }
        if case .done(let result) = turn { return (try result.get(), false) }
        ProcessEnd.prepare()
        let result: Result<any DriverCluster, any Error>
        do { result = .success(try await start(configuration)) } catch {
            result = .failure(error)
        }
        connected(result)
        return (try result.get().system, true)
    }

    private static func start(_ configuration: ClusterConfiguration) async throws -> any DriverCluster {
        guard let address = configuration.address else {
            return try await EmbeddedCluster.start(configuration)
        }
        return try await JoinedCluster.join(address, configuration)
    }

    private static func connected(_ result: Result<any DriverCluster, any Error>) {
        let waiters = state.withLock { state in
            guard case .connecting(let waiters) = state else { return [CheckedContinuation<Turn, Never>]() }
            switch result {
            case .success(let cluster): state = .connected(cluster)
            case .failure: state = .idle
            }
            return waiters
        }
        switch result {
        case .success(let cluster): ProcessEnd.watch(cluster)
        case .failure: ProcessEnd.forget()
        }
        for waiter in waiters { waiter.resume(returning: .done(result.map(\.system))) }
    }

    static func disconnected(_ system: ClusterSystem) {
        let wasConnected = state.withLock { state in
            guard case .connected(let cluster) = state, cluster.system === system else { return false }
            state = .idle
            return true
        }
        if wasConnected { ProcessEnd.forget() }
    }
}
