internal import CMantaShims
internal import Glibc
package import MantaCore
package import MantaTLS
package import MantaTransport

/// A connection to another machine: TLS over a socket that blocks.
package final class TLSStream: BulkStream {
    private let descriptor: Int32
    private let session: TLSSession
    private let timeout: Duration

    /// Takes over `socket`, which somebody has connected to this node's port; `secure()` tells whether they may.
    package convenience init(
        accepted socket: Int32,
        tls: TLSContext,
        _ options: BulkOptions
    ) throws(TransferError) {
        try self.init(socket, options) { () throws(ClusterError) in try tls.server(over: socket) }
    }

    private init(
        _ socket: Int32,
        _ options: BulkOptions,
        _ makeSession: () throws(ClusterError) -> TLSSession
    ) throws(TransferError) {
        let status = manta_bulk_socket(
            socket,
            max(1, microseconds(of: options.timeout)),
            Int32(clamping: options.socketBufferByteCount)
        )
        do throws(ClusterError) {
            guard status == 0 else {
                throw ClusterError(.notConnected, "setsockopt failed: \(describe(error: -status))")
            }
            session = try makeSession()
        } catch {
            _ = manta_close(socket)
            throw .refused(error.message)
        }
        descriptor = socket
        timeout = options.timeout
    }

    // Only here: a number that is closed while a thread still uses it may by then name another file.
    deinit { _ = manta_close(descriptor) }

    /// Connects to the node at `address`, and says that objects are wanted of it.
    ///
    /// - Throws: ``TransferError`` `unreachable` when nobody is there, `refused` when somebody of another cluster is.
    package static func connect(
        to address: NodeAddress,
        _ options: BulkOptions
    ) throws(TransferError) -> TLSStream {
        guard let network = options.network else {
            throw .refused("cannot connect to \(address): this process is in a cluster of one machine")
        }
        let socket = try connectedSocket(to: address, within: options.timeout)
        let stream = try TLSStream(socket, options) { () throws(ClusterError) in
            try network.tls.client(over: socket, host: nil)
        }
        do throws(LinkFailure) {
            let preamble = Preamble(.objects, to: ProcessID(0)).bytes
            let sent = preamble.withUnsafeBytes { manta_bulk_send(socket, $0.baseAddress, $0.count, nil, 0) }
            guard sent == preamble.count else { throw .peerClosed }
            try stream.secure()
        } catch .protocolViolation(let reason) {
            throw .refused("no secure connection to \(address): \(reason)")
        } catch {
            throw .unreachable("no secure connection to \(address): \(error)")
        }
        return stream
    }

    private static func connectedSocket(
        to address: NodeAddress,
        within timeout: Duration
    ) throws(TransferError) -> Int32 {
        let socket = manta_tcp_connect(try numericHost(of: address), address.port)
        guard socket >= 0 else {
            throw .unreachable("cannot connect to \(address): \(describe(error: -socket))")
        }
        let ready = manta_wait_writable(socket, microseconds(of: timeout))
        let error = ready > 0 ? manta_socket_error(socket) : ready < 0 ? ready : -ETIMEDOUT
        guard error == 0 else {
            _ = manta_close(socket)
            throw .unreachable("cannot connect to \(address): \(describe(error: -error))")
        }
        return socket
    }

    private static func numericHost(of address: NodeAddress) throws(TransferError) -> String {
        guard manta_is_numeric_host(address.host) == 0 else { return address.host }
        do {
            return try address.resolved()
        } catch {
            throw .unreachable("cannot connect to \(address): \(error.message)")
        }
    }

    /// Proves to the other side that this one belongs to the cluster, and has it prove the same. Once, before
    /// anything else.
    ///
    /// - Throws: `silent` when all of it takes longer than the timeout: who has proved nothing yet cannot stay by
    ///   sending a byte now and then.
    package func secure() throws(LinkFailure) {
        let end = ContinuousClock.now + timeout
        while true {
            let progress = session.handshake()
            let rest = microseconds(of: max(.zero, end - .now))
            switch progress {
            case .done: return
            case .failed(let reason): throw .protocolViolation(reason)
            case .lost: throw .peerClosed
            case .wantsRead: try wait(for: manta_wait_readable(descriptor, -1, rest))
            case .wantsWrite: try wait(for: manta_wait_writable(descriptor, rest))
            }
        }
    }

    package func send(_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) throws(LinkFailure) {
        try send(head)
        try send(body)
    }

    private func send(_ bytes: UnsafeRawBufferPointer) throws(LinkFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest)
            let sent = session.send(piece.baseAddress, piece.count)
            if sent == -Int(EAGAIN) {
                try wait(for: manta_wait_writable(descriptor, microseconds(of: timeout)))
            } else if sent < 0 {
                throw failure("send", -sent)
            } else {
                rest = rest.dropFirst(sent)
            }
        }
    }

    package func receive(into bytes: UnsafeMutableRawBufferPointer) throws(LinkFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let room = UnsafeMutableRawBufferPointer(rebasing: rest)
            let received = session.receive(room.baseAddress, room.count)
            if received == -Int(EAGAIN) {
                try wait(for: manta_wait_readable(descriptor, -1, microseconds(of: timeout)))
            } else if received <= 0 {
                throw received == 0 ? .peerClosed : failure("recv", -received)
            } else {
                rest = rest.dropFirst(received)
            }
        }
    }

    package func waitForInput(within duration: Duration?) throws(LinkFailure) {
        guard !session.hasBuffered else { return }
        let ready = manta_wait_readable(descriptor, -1, duration.map(microseconds) ?? -1)
        guard ready >= 0 else { throw .systemError(call: "poll", number: -ready) }
        if ready == 0, let duration { throw .silent(duration) }
    }

    private func wait(for ready: Int32) throws(LinkFailure) {
        guard ready >= 0 else { throw .systemError(call: "poll", number: -ready) }
        guard ready > 0 else { throw .silent(timeout) }
    }

    // Not through the session: whoever waits for the socket is to be let go.
    package func close() { manta_shutdown(descriptor) }

    private func failure(_ call: String, _ number: Int) -> LinkFailure {
        switch Int32(number) {
        case EPIPE, ECONNRESET: .peerClosed
        case EPROTO: .protocolViolation(session.failure ?? "TLS failed")
        case let number: .systemError(call: call, number: number)
        }
    }
}
