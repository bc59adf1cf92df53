internal import CMantaShims
internal import Glibc
package import MantaTransport

/// A connection over a socket of this machine.
package final class SocketStream: BulkStream {
    private let descriptor: Int32
    private let timeout: Duration

    /// Takes over `descriptor`, a connected socket, and closes it in the end.
    package init(_ descriptor: Int32, _ options: BulkOptions) throws(LinkFailure) {
        self.descriptor = descriptor
        timeout = options.timeout
        let status = manta_bulk_socket(
            descriptor,
            max(1, microseconds(of: options.timeout)),
            Int32(clamping: options.socketBufferByteCount)
        )
        guard status == 0 else { throw .systemError(call: "setsockopt", number: -status) }
    }

    // Only here: a number that is closed while a thread still uses it may by then name another file.
    deinit { _ = manta_close(descriptor) }

    /// The user whose process is at the other end; `nil` when the system does not tell.
    package var peerUser: UInt32? { UInt32(exactly: manta_peer_user(descriptor)) }

    package func send(_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) throws(LinkFailure) {
        var head = head[...]
        var body = body[...]
        while !head.isEmpty || !body.isEmpty {
            let (first, second) = (
                UnsafeRawBufferPointer(rebasing: head), UnsafeRawBufferPointer(rebasing: body)
            )
            let sent = manta_bulk_send(
                descriptor,
                first.baseAddress,
                first.count,
                second.baseAddress,
                second.count
            )
            guard sent >= 0 else { throw failure("sendmsg", -sent) }
            let ofHead = min(sent, head.count)
            head = head.dropFirst(ofHead)
            body = body.dropFirst(sent - ofHead)
        }
    }

    package func receive(into bytes: UnsafeMutableRawBufferPointer) throws(LinkFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let room = UnsafeMutableRawBufferPointer(rebasing: rest)
            let received = manta_bulk_receive(descriptor, room.baseAddress, room.count)
            guard received > 0 else { throw received == 0 ? .peerClosed : failure("recv", -received) }
            rest = rest.dropFirst(received)
        }
    }

    package func waitForInput(within duration: Duration?) throws(LinkFailure) {
        let ready = manta_wait_readable(descriptor, -1, duration.map(microseconds) ?? -1)
        guard ready >= 0 else { throw .systemError(call: "poll", number: -ready) }
        if ready == 0, let duration { throw .silent(duration) }
    }

    package func close() { manta_shutdown(descriptor) }

    private func failure(_ call: String, _ number: Int) -> LinkFailure {
        switch Int32(number) {
        case EAGAIN: .silent(timeout)
        case EPIPE, ECONNRESET: .peerClosed
        case let number: .systemError(call: call, number: number)
        }
    }
}

extension SocketStream {
    /// Connects to the server at `path`.
    ///
    /// - Throws: ``TransferError`` `unreachable` when nobody is there, `refused` when somebody else is.
    package static func connect(
        to path: String,
        _ options: BulkOptions
    ) throws(TransferError) -> SocketStream {
        let descriptor = manta_unix_connect(path)
        guard descriptor >= 0 else {
            throw .unreachable("cannot connect to \(path): \(describe(error: -descriptor))")
        }
        let stream: SocketStream
        do {
            stream = try SocketStream(descriptor, options)
        } catch {
            throw .refused("cannot use the connection to \(path): \(error)")
        }
        guard stream.peerUser == geteuid() else {
            throw .refused("a process of another user listens at \(path)")
        }
        return stream
    }
}

/// Rounded up; what is longer than the clock can tell is the longest that it can.
func microseconds(of duration: Duration) -> Int64 {
    let (seconds, attoseconds) = duration.components
    guard seconds < 1 << 40 else { return .max }
    return seconds * 1_000_000 + (attoseconds + 999_999_999_999) / 1_000_000_000_000
}
