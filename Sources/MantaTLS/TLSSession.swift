internal import CMantaTLS
internal import COpenSSL
import Synchronization

/// One end of a TLS connection over a socket, for any threads.
///
/// No function waits, also where the socket blocks: who gets `wantsRead`, `wantsWrite` or `-EAGAIN` polls the socket
/// and asks again. So nobody holds the lock for longer than it takes to encrypt 128 KiB or to fill the receiver's
/// memory, and two sides that both send cannot wait for each other here.
package final class TLSSession: Sendable {
    /// How far the handshake is.
    package enum Progress: Hashable, Sendable {
        /// Bytes can be sent and received.
        case done
        /// `handshake` is to be called again when the socket is readable, or writable.
        case wantsRead, wantsWrite
        /// It will not come about, for a reason that a person understands. The other side has been told.
        case failed(String)
        /// The connection was lost meanwhile, for this reason: nobody has refused anybody.
        case lost(String)
    }

    private let connection: Mutex<Connection>
    private let usesSecret: Bool

    /// OpenSSL's part. Used under the lock only.
    private struct Connection: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    /// Takes over `connection`.
    init(_ connection: OpaquePointer, usesSecret: Bool) {
        self.connection = Mutex(Connection(pointer: connection))
        self.usesSecret = usesSecret
    }

    deinit { connection.withLock { manta_tls_free($0.pointer) } }

    /// `false` when `host` is neither a name nor an address.
    func expect(host: String) -> Bool {
        guard !host.utf8.contains(0) else { return false }
        return connection.withLock { manta_tls_expect_host(manta_tls_ssl($0.pointer), host) == 1 }
    }

    /// Has the keys renewed after so many records that this side sends.
    package func renewKeys(afterRecords count: UInt64) {
        connection.withLock { manta_tls_set_key_limit($0.pointer, count) }
    }

    // MARK: Handshake

    /// Goes on with the handshake, as far as the socket lets it.
    ///
    /// A client whose certificate the server refuses may be `done` nevertheless: it learns of it by `receive`.
    package func handshake() -> Progress {
        connection.withLock { connection in
            switch manta_tls_handshake(connection.pointer) {
            case MANTA_TLS_DONE: .done
            case MANTA_TLS_WANTS_READ: .wantsRead
            case MANTA_TLS_WANTS_WRITE: .wantsWrite
            default: ended(connection)
            }
        }
    }

    /// Why bytes could not be received or sent, once that is so; `nil` also after an end in good order.
    package var failure: String? {
        connection.withLock { reason($0, isConnected: true) }
    }

    /// Whether the handshake ended with ``absence``.
    package var foundNobody: Bool { connection.withLock { failure($0).isAbsence } }

    /// What is said instead of a handshake where a machine can be reached and the process that is wanted is not there: the
    /// alert `unrecognized_name` (RFC 8446, section 6), in the clear. So it can be told from a connection that was cut, or had to go.
    package static let absence: [UInt8] = [21, 3, 3, 0, 2, 2, UInt8(SSL_AD_UNRECOGNIZED_NAME)]

    /// Who is at the other end, for logs.
    package var peerName: String {
        guard !usesSecret else { return "a process with the cluster's secret" }
        return connection.withLock { connection in
            let name = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { text in
                let count = manta_tls_peer_subject(connection.pointer, text.baseAddress, text.count)
                return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
            }
            return name.isEmpty ? "a process without a name" : name
        }
    }

    private func ended(_ connection: Connection) -> Progress {
        let why = reason(connection, isConnected: false) ?? "the connection was closed here"
        let failure = failure(connection)
        return failure.isLoss || failure.isAbsence ? .lost(why) : .failed(why)
    }

    private func reason(_ connection: Connection, isConnected: Bool) -> String? {
        failure(connection).description(usesSecret: usesSecret, isConnected: isConnected)
    }

    private func failure(_ connection: Connection) -> TLSFailure {
        var number: Int32 = 0
        let reason = manta_tls_failure(connection.pointer, &number)
        let result = SSL_get_verify_result(manta_tls_ssl(connection.pointer))
        return TLSFailure(reason: reason, systemError: number, verification: result)
    }

    // MARK: Bytes

    /// Receives as many bytes as are there, up to `count`.
    ///
    /// The end is the end, whether the other side said goodbye or not: what is received has to tell by itself
    /// whether it is whole.
    ///
    /// - Parameters:
    ///   - pointer: Where they go.
    ///   - count: How many there is room for; more than a record (16 KiB) is worth while.
    /// - Returns: How many came, 0 at the end, or a negated errno: `EAGAIN`, `ECONNRESET`, or `EPROTO` when what
    ///   came was changed on the way, or the other side refuses this one: see `failure`.
    package func receive(_ pointer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        connection.withLock { manta_tls_receive($0.pointer, pointer, count) }
    }

    /// Sends as many of the `count` bytes as the socket takes.
    ///
    /// After `-EAGAIN`, or when only a part was sent, the next call has to begin with the bytes that were not: some of
    /// them may be encrypted already, and the other side will get these.
    ///
    /// - Parameters:
    ///   - pointer: Where they are.
    ///   - count: How many.
    /// - Returns: How many the socket took, or a negated errno: `EAGAIN`, `EPIPE`, `ECONNRESET`, `EPROTO`. There is no
    ///   `SIGPIPE`.
    package func send(_ pointer: UnsafeRawPointer?, _ count: Int) -> Int {
        connection.withLock { manta_tls_send($0.pointer, pointer, count) }
    }

    /// Whether `receive` may return something that the socket does not tell of. When it does not after all, this
    /// is false.
    package var hasBuffered: Bool {
        connection.withLock { manta_tls_has_buffered($0.pointer) == 1 }
    }

    /// Says goodbye, if the socket takes it at once. Then the socket is not touched any more: sending fails with
    /// `EPIPE`, and the end is received.
    package func close() {
        connection.withLock { manta_tls_close($0.pointer) }
    }
}
