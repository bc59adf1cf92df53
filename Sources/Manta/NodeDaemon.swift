internal import CMantaShims
internal import Glibc
internal import Logging
package import MantaCore
internal import MantaGCS
internal import MantaObjectTransfer
internal import MantaRaylet
internal import MantaRuntime
internal import MantaTransport
import Synchronization

/// A node as a daemon: its port, its raylet, and on the head the GCS too.
///
/// A node that was declared dead ends its workers and joins again as another one, in the same process and at the same
/// port: `joining → member → fenced → joining … → stopped`.
package final class NodeDaemon: Sendable {
    /// Where others reach it.
    package let address: NodeAddress
    private let options: NodeDaemonOptions
    /// Where the GCS may be.
    private let heads: [NodeAddress]
    private let session: SessionDirectory
    private let gate: Gate
    /// Serves the port, and what workers write.
    private let lane: Lane
    private let launcher: ProcessLauncher
    private let office: HeadOffice
    private let slot: NodeSlot
    private let end = SharedEnd()

    /// Starts the node, and returns when it is a member of its cluster.
    ///
    /// - Parameter options: How it is set up.
    /// - Returns: The running node.
    /// - Throws: ``ClusterError``: the folder or port is taken, the head does not answer, the secret is wrong, the directory
    ///   cannot be read.
    package static func start(_ options: NodeDaemonOptions) async throws -> NodeDaemon {
        let session = try SessionDirectory(daemon: options.directory)
        let lane = Lane(name: "manta-port", index: 253)
        let daemon: NodeDaemon
        do {
            daemon = try NodeDaemon(options, session, lane)
        } catch {
            await lane.stop()
            session.leave()
            throw error
        }
        do {
            try await daemon.begin()
        } catch {
            await daemon.stop()
            throw error
        }
        return daemon
    }

    private init(_ options: NodeDaemonOptions, _ session: SessionDirectory, _ lane: Lane) throws(ClusterError)
    {
        let path = session.path
        let slot = NodeSlot()
        let logger = options.logger
        let log = RefusalLog(logger)
        let gate = try Gate(
            at: options.bind,
            lane: lane,
            socketPath: { "\(path)/\($0)" },
            objects: { slot.takeForObjects($0) },
            refused: { log.refused($0) }
        )
        let address = NodeAddress(
            host: options.advertisedHost ?? gate.address.host,
            port: gate.address.port
        )
        let isNone = if case .none = options.head { true } else { false }
        let heads = isNone || options.heads.contains(address) ? options.heads : [address] + options.heads
        self.slot = slot
        self.gate = gate
        self.session = session
        self.lane = lane
        self.options = options
        self.address = address
        self.heads = heads
        office = HeadOffice(options, address: address, heads: heads, gate: gate)
        launcher = ProcessLauncher(program: nil, outputLane: lane, logger: logger)
    }

    private func begin() async throws {
        try await office.begin()
        gate.start()
        try await join()
    }

    /// Makes the node, under new identifiers, and has it join.
    private func join() async throws {
        let identity = try await askIdentity()
        let process = ProcessID.newHost()
        let network = NetworkLaunch(
            address: address,
            heads: heads,
            gcs: identity.gcs,
            security: options.security
        )
        let launch = NodeLaunch(
            process: process,
            node: NodeID(.random(in: 1 ... .max)),
            network: network,
            directory: session.path,
            cluster: identity.cluster,
            options
        )
        let arrival = Arrival()
        let node = try await NodeHost.make(launch, launcher: launcher) { [weak self] in
            if arrival.isFenced() { self?.fenced() }
        }
        do {
            try await node.join()
        } catch {
            await node.stop()
            throw error
        }
        guard slot.put(node) else { return await node.stop() }
        guard arrival.isMember() else {
            await slot.take()?.stop()
            throw ClusterError(.nodeDied, "the cluster gave \(launch.node) up while it joined")
        }
        try session.publish(
            SessionCard(
                cluster: identity.cluster,
                gcs: identity.gcs,
                node: .init(keeper: process, network: network)
            )
        )
        options.logger.info("joined", metadata: ["node": "\(launch.node)", "address": "\(address)"])
    }

    private func askIdentity() async throws -> ClusterIdentity {
        do { return try await ClusterIdentity.ask(heads, security: options.security, on: lane) } catch {
            // A head finds itself by what others reach it by.
            guard let host = options.advertisedHost, heads.first == address,
                var error = error as? ClusterError, error.code == .notConnected
            else { throw error }
            error.message = "this head is not reached at \(address): \(error.message)"
            error.hint = "--advertise \(host) has to lead to this machine, for all nodes"
            throw error
        }
    }

    private func fenced() {
        // Unstructured: it is called on the lane of what it is to end. It ends with a member, or with the daemon.
        slot.rejoin {
            Task.detached { [self] in
                await slot.take()?.stop()
                await joinUntilDone()
            }
        }
    }

    private func joinUntilDone() async {
        while !slot.isStopped, !Task.isCancelled {
            do { return try await join() } catch {
                options.logger.warning("cannot join again yet", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    /// Ends the workers, after their actors, and all that the node has made; returns when that is done.
    package func stop() async { await end.reach { await self.finish() } }

    private func finish() async {
        let (node, rejoining) = slot.stop()
        await rejoining?.value
        await node?.leave()
        await office.stop()
        gate.close()
        await lane.stop()
        session.leave()
    }

    /// Waits for SIGINT or SIGTERM, then stops. Sent again, the signal ends the process at once.
    ///
    /// - Parameters:
    ///   - onHangup: Called at each SIGHUP; without it, that is a signal like the others.
    ///   - onStop: Called when the node begins to stop.
    /// - Returns: The signal.
    package func runUntilSignal(
        onHangup: (@Sendable () -> Void)? = nil,
        onStop: @Sendable () -> Void = {}
    ) async -> Int32 {
        let source = SignalSource()
        source.hold([SIGINT, SIGTERM, SIGHUP])
        let isStopping = Once()
        let signals = AsyncStream<Int32> { continuation in
            source.serve(on: lane) { signal in
                if signal == SIGHUP, let onHangup { return onHangup() }
                // Who asks twice does not wait for an orderly end.
                guard !isStopping.set() else {
                    self.abandon()
                    return manta_signal_raise_default(signal)
                }
                continuation.yield(signal)
                continuation.finish()
            }
        }
        var signal: Int32 = 0
        for await next in signals {
            signal = next
            break
        }
        onStop()
        await stop()
        return signal
    }

    /// The process is about to exit: ends the workers and removes its own sockets, without waiting for anything.
    package func abandon() {
        slot.current?.abandon()
        office.abandon()
        session.leave()
    }
}

/// How a node's joining went: one that is given up before it is in its place is not to be joined twice.
private final class Arrival: Sendable {
    private enum State { case joining, member, fenced }

    private let state = Mutex(State.joining)

    /// It is in its place.
    ///
    /// - Returns: Whether it still is a member.
    func isMember() -> Bool {
        state.withLock { state in
            if state == .joining { state = .member }
            return state == .member
        }
    }

    /// The cluster has given it up.
    ///
    /// - Returns: Whether it was in its place, so that whoever put it there does not see it any more.
    func isFenced() -> Bool {
        state.withLock { state in
            defer { state = .fenced }
            return state == .member
        }
    }
}

/// Whether something has happened before.
private final class Once: Sendable {
    private let hasHappened = Atomic<Bool>(false)

    /// - Returns: Whether it had.
    func set() -> Bool { hasHappened.exchange(true, ordering: .relaxed) }
}

extension NodeLaunch {
    fileprivate init(
        process: ProcessID,
        node: NodeID,
        network: NetworkLaunch,
        directory: String,
        cluster: UInt64,
        _ options: NodeDaemonOptions
    ) {
        self.init(
            process: process,
            node: node,
            gcs: network.gcs,
            options: RuntimeOptions(directory: directory, cluster: cluster, laneCount: 1),
            logLevel: options.logger.logLevel.rawValue,
            resources: options.resources,
            labels: options.labels,
            sharedWorkerCount: options.sharedWorkers,
            idleWorkerCount: options.idleWorkers,
            workerLaneCount: options.lanes,
            silence: options.liveness.heartbeat.bound,
            storeCapacity: options.storeCapacity,
            spillDirectory: options.spillDirectory
        )
        self.network = network
    }
}
