internal import Glibc
internal import MantaCore
internal import MantaGCS
internal import MantaTransport
import Synchronization

/// The part of a node that hosts the GCS, or may have to: `waiting → head → waiting …` for a candidate.
final class HeadOffice: Sendable {
    private static let campaignPause = Duration.milliseconds(500)

    private let role: HeadRole
    private let options: NodeDaemonOptions
    private let address: NodeAddress
    private let heads: [NodeAddress]
    private let gate: Gate
    private let state = Mutex(State())

    private struct State {
        var host: HeadHost?
        var candidacy: Task<Void, Never>?
        /// Told when the storage is lost.
        var onLost: CheckedContinuation<Void, Never>?
        var isLost = false
    }

    init(_ options: NodeDaemonOptions, address: NodeAddress, heads: [NodeAddress], gate: Gate) {
        self.options = options
        self.address = address
        self.heads = heads
        self.gate = gate
        role = options.head
    }

    /// Returns when the node is the head, or at once when it is not to be, or only may.
    func begin() async throws {
        switch role {
        case .none: break
        case .inMemory: try await serve(nil)
        case .stored(let storage): try await serve(storage)
        case .candidate(let election):
            // Unstructured, because the node goes on meanwhile; `stop()` ends it.
            let candidacy = Task.detached { [self] in await run(for: election) }
            state.withLock { $0.candidacy = candidacy }
        }
    }

    private func serve(_ storage: (any DirectoryStorage)?) async throws {
        let stored = try await storage?.begin()
        let identity = stored?.identity ?? .new()
        let network = try Network(
            NetworkLaunch(
                address: address,
                heads: heads,
                gcs: identity.process,
                security: options.security
            )
        )
        var durable: DurableDirectory?
        if let storage, let stored {
            durable = DurableDirectory(storage: storage, stored: stored) { [weak self] in self?.lost($0) }
        }
        let host = try await HeadHost.make(
            directory: options.directory,
            cluster: identity.cluster,
            network: network,
            durable: durable,
            liveness: options.liveness,
            logger: options.logger
        )
        state.withLock { state in
            state.host = host
            state.isLost = false
        }
        try await host.start()
        gate.setHead(identity.process)
        options.logger.info("serving the directory", metadata: ["epoch": "\(identity.epoch)"])
    }

    private func run(for election: any HeadElection) async {
        while !Task.isCancelled {
            do {
                try await serve(try await election.campaign(at: address))
                await untilLost()
            } catch {
                if Task.isCancelled { break }
                options.logger.warning("cannot be the head now", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: Self.campaignPause)
            }
            await resign()
        }
        await election.resign()
    }

    /// The storage has failed, or another head has taken over.
    private func lost(_ error: ClusterError) {
        guard case .candidate = role else {
            // Whoever starts it again finds what was acknowledged; to go on without would be to lose it.
            options.logger.critical("this head ends", metadata: ["reason": "\(error)"])
            _exit(74)  // EX_IOERR
        }
        let waiter = state.withLock { state in
            state.isLost = true
            return state.onLost.take()
        }
        waiter?.resume()
    }

    private func untilLost() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.isLost || Task.isCancelled { return true }
                    state.onLost = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.onLost.take() }?.resume()
        }
    }

    private func resign() async {
        gate.setHead(nil)
        await state.withLock { $0.host.take() }?.stop()
    }

    /// The process is about to exit.
    func abandon() { state.withLock { $0.host }?.abandon() }

    func stop() async {
        let candidacy = state.withLock { $0.candidacy.take() }
        candidacy?.cancel()
        await candidacy?.value
        await resign()
    }
}
