internal import CMantaShims
internal import Dispatch
internal import Glibc
package import Logging
package import MantaCore
internal import MantaTransport
import Synchronization

/// Sends objects of this node to those who connect and ask for them.
///
/// One thread accepts, and each connection has one, so nothing here runs on a lane or in the pool of tasks. Only
/// processes of the same user are served. `stop()` has to be called: the threads keep this alive.
package final class BulkServer: Sendable {
    /// What has been sent, by all connections.
    package struct Figures: Hashable, Sendable {
        package var objectCount = 0
        package var byteCount = 0
        /// What of it passed over connections, compressed or not.
        package var wireByteCount = 0
        package var chunkCount = 0
        package var compressedChunkCount = 0
        /// Connections that were open at a time, at most.
        package var mostConnectionCount = 0
    }

    package let endpoint: Endpoint

    package let socketPath: String
    private let options: BulkOptions
    private let open: @Sendable (ObjectID) throws -> (any BulkSource)?
    private let logger: Logger
    private let refusals: RefusalLog
    private let listener: Int32
    /// Signalled when the accepting thread is to look at the state again.
    private let wake: Int32
    private let state = Mutex(BulkServerState())

    /// Listens at `endpoint`, in a folder that only this user may enter; `start()` begins to accept.
    ///
    /// - Parameters:
    ///   - endpoint: Where nobody listens yet.
    ///   - options: The limits.
    ///   - logger: Told which connections are refused, and why; nobody is, unless one is given.
    ///   - open: Finds an object, on a thread that may block; `nil` when it is not here. What it throws the other side is told.
    /// - Throws: ``ClusterError`` with code `notConnected`.
    package init(
        at endpoint: Endpoint,
        options: BulkOptions = BulkOptions(),
        logger: Logger = Logger(label: "manta.transfer") { _ in SwiftLogNoOpLogHandler() },
        open: @escaping @Sendable (ObjectID) throws -> (any BulkSource)?
    ) throws(ClusterError) {
        guard case .unix(let path) = endpoint else { preconditionFailure("unknown endpoint \(endpoint)") }
        try checkSocketFolder(of: path)
        self.endpoint = endpoint
        socketPath = path
        self.options = options
        self.logger = logger
        refusals = RefusalLog(logger)
        self.open = open
        listener = manta_unix_listen(path, 1024)
        guard listener >= 0 else {
            throw ClusterError(
                .notConnected,
                "cannot listen for transfers at \(path): \(describe(error: -listener))",
                hint: "check that the folder exists and is writable, or set TMPDIR to another, shorter one"
            )
        }
        wake = manta_eventfd()
        guard wake >= 0 else {
            _ = manta_close(listener)
            unlink(path)
            throw ClusterError(.notConnected, "no descriptor is left to listen at \(path)")
        }
    }

    deinit {
        closeListener()
        _ = manta_close(wake)
    }

    package func start() {
        guard state.withLock({ $0.startAccepting() }) else { return }
        startThread(named: "manta-bulk-acc") {
            self.accept()
            self.threadEnded()
        }
    }

    /// Closes all connections, waits until no thread is left, and takes the socket's file away.
    package func stop() async {
        unlink(socketPath)
        let (streams, turns) = state.withLock { $0.stop() }
        for stream in streams { stream.close() }
        for turn in turns { turn.signal() }
        manta_eventfd_signal(wake)
        await withCheckedContinuation { continuation in
            if state.withLock({ $0.waitForEnd(continuation) }) { continuation.resume() }
        }
        // Ends those who wait to be accepted. No thread uses it any more.
        closeListener()
    }

    private func closeListener() {
        if state.withLock({ $0.takeListener() }) { _ = manta_close(listener) }
    }

    package var figures: Figures { state.withLock { $0.figures } }

    // MARK: The accepting thread

    private func accept() {
        while true {
            let plan = state.withLock { $0.plan(limit: options.connectionLimit) }
            switch plan {
            case .end:
                return
            case .waitForRoom:
                _ = manta_wait_readable(-1, wake, -1)
            case .makeRoom:
                // Only when somebody waits to be accepted is an idle connection closed: whoever had it connects again.
                let ready = manta_wait_readable(listener, wake, -1)
                if ready & 1 != 0 { state.withLock { $0.takeLongestIdle() }?.close() }
            case .accept:
                let ready = manta_wait_readable(listener, wake, -1)
                if ready & 1 != 0 { acceptOne() }
            }
            manta_eventfd_clear(wake)
        }
    }

    private func acceptOne() {
        let socket = manta_accept(listener)
        guard socket >= 0 else {
            // Who waits to be accepted waits still, so the event would come again at once.
            if ![EAGAIN, EINTR, ECONNABORTED].contains(-socket) {
                logger.warning(
                    "cannot accept a connection for transfers: \(describe(error: -socket)); see ulimit -n"
                )
                _ = manta_wait_readable(-1, wake, 100_000)
            }
            return
        }
        let stream: SocketStream
        do {
            stream = try SocketStream(socket, options)
        } catch {
            return logger.warning("cannot use a connection for transfers: \(error)")
        }
        guard stream.peerUser == geteuid() else {
            return logger.warning("a process of another user tried to connect to \(socketPath)")
        }
        serve(options.wrap(stream))
    }

    /// Serves a connection from another machine, whose socket this takes over: who is there has yet to be proved.
    package func adopt(_ socket: Int32) {
        guard let network = options.network else {
            _ = manta_close(socket)
            return
        }
        let stream: TLSStream
        do {
            stream = try TLSStream(accepted: socket, tls: network.tls, options)
        } catch {
            return logger.warning("cannot use a connection for transfers: \(error)")
        }
        let (number, displaced) = state.withLock { state in
            (state.add(stream, isSecured: false), state.takeOldestUnsecured(limit: Self.unsecuredLimit))
        }
        displaced?.close()
        guard let number else { return stream.close() }
        startThread(named: "manta-bulk-out") { [self] in
            do throws(LinkFailure) {
                try stream.secure()
                if hasPlace(number) { serve(options.wrap(stream), number) } else { stream.close() }
            } catch {
                stream.close()
                refusals.refused("\(error)", "connection for transfers")
            }
            remove(number)
            threadEnded()
        }
    }

    /// Waits for a place, no longer than a fetcher does for the answer to its greeting.
    private func hasPlace(_ number: Int) -> Bool {
        switch state.withLock({ $0.secured(number, limit: options.connectionLimit) }) {
        case .served(let idle):
            idle?.close()
            return true
        case .waits(let turn): return turn.wait(timeout: .now() + options.patience / .seconds(1)) == .success
        case .refused: return false
        }
    }

    private func remove(_ number: Int) {
        state.withLock { $0.remove(number, limit: options.connectionLimit) }?.signal()
    }

    /// How many connections may be proving at a time that they belong to the cluster; past it the oldest has to go.
    private static let unsecuredLimit = 64

    private func serve(_ stream: any BulkStream) {
        guard let number = state.withLock({ $0.add(stream) }) else { return stream.close() }
        startThread(named: "manta-bulk-out") {
            self.serve(stream, number)
            self.remove(number)
            self.threadEnded()
        }
    }

    // MARK: The thread of a connection

    private func serve(_ stream: any BulkStream, _ number: Int) {
        defer { stream.close() }
        let sender = BulkSender(stream, mayCompress: options.mayCompress)
        do throws(LinkFailure) {
            try sender.greet()
            // Who has just waited for a place wants something: it does not count as idle before that has come.
            try stream.waitForInput(within: options.timeout)
            while true {
                let request = try sender.receiveRequest()
                try answer(request, by: sender)
                let onIdle = state.withLock { state in
                    state.figures.add(sender.takeFigures())
                    return state.becameIdle(number, at: manta_now())
                }
                switch onIdle {
                case .waits: break
                case .isAwaited: manta_eventfd_signal(wake)
                case .leaves: return
                }
                try stream.waitForInput(within: nil)
                state.withLock { $0.becameBusy(number) }
            }
        } catch .peerClosed {
            // The usual end, between two requests or in the middle of an object that is not wanted any more.
            logger.trace("a connection for transfers has ended")
        } catch {
            logger.warning("a connection for transfers was closed: \(error)")
        }
    }

    /// The object is held no longer than this takes.
    private func answer(_ request: BulkRequest, by sender: BulkSender) throws(LinkFailure) {
        let found = Result { try open(request.id) }
        // Whoever asks again may get it: that says nothing of the object.
        if case .failure(let error as ClusterError) = found, error.code == .overloaded {
            throw .closedHere(error.message)
        }
        try sender.answer(request, with: found)
    }

    private func threadEnded() {
        let waiting = state.withLock { $0.threadEnded() }
        manta_eventfd_signal(wake)
        for continuation in waiting { continuation.resume() }
    }
}

extension BulkServer.Figures {
    fileprivate mutating func add(_ sent: BulkSender.Figures) {
        objectCount += sent.objectCount
        byteCount += sent.byteCount
        wireByteCount += sent.wireByteCount
        chunkCount += sent.chunkCount
        compressedChunkCount += sent.compressedChunkCount
    }
}

/// The folder is what keeps other users from the socket.
private func checkSocketFolder(of path: String) throws(ClusterError) {
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    var status = stat()
    guard stat(folder, &status) == 0 else {
        throw ClusterError(
            .notConnected,
            "cannot listen for transfers at \(path): \(describe(error: errno))",
            hint: "make the folder \(folder)"
        )
    }
    guard status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
        throw ClusterError(
            .notConnected,
            "cannot listen for transfers at \(path): others than user \(geteuid()) may enter \(folder)",
            hint: "chmod 700 \(folder)"
        )
    }
}
