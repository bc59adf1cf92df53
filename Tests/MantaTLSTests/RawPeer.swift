import COpenSSL
import Glibc
import MantaTLS
import Testing

/// The other side of a connection by OpenSSL alone, so that it can be one that our contexts would not make.
final class RawPeer {
    let context: OpaquePointer
    private let ssl: OpaquePointer

    /// Over `socket`, which stays the caller's and does not block.
    init(isServer: Bool, over socket: Int32, _ change: (OpaquePointer) throws -> Void) throws {
        // What it writes to a closed socket is no reason to end the tests.
        signal(SIGPIPE, SIG_IGN)
        context = try #require(SSL_CTX_new(isServer ? TLS_server_method() : TLS_client_method()))
        try change(context)
        ssl = try #require(SSL_new(context))
        SSL_set_fd(ssl, socket)
        if isServer { SSL_set_accept_state(ssl) } else { SSL_set_connect_state(ssl) }
    }

    deinit {
        SSL_free(ssl)
        SSL_CTX_free(context)
    }

    /// With OpenSSL's words for a failure.
    func handshake() -> TLSSession.Progress {
        ERR_clear_error()
        let result = SSL_do_handshake(ssl)
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_NONE: return .done
        case SSL_ERROR_WANT_READ: return .wantsRead
        case SSL_ERROR_WANT_WRITE: return .wantsWrite
        default:
            return .failed(ERR_reason_error_string(ERR_peek_error()).map { String(cString: $0) } ?? "the end")
        }
    }

    static func limit(_ context: OpaquePointer, to version: Int32) {
        SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(version), nil)
        SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(version), nil)
    }

    /// Takes the files of `identity`, and trusts anybody.
    static func use(_ identity: TLSIdentity, in context: OpaquePointer) throws {
        guard case .certificates(let certificate, let key, _) = identity else { return }
        try #require(SSL_CTX_use_certificate_chain_file(context, certificate) == 1)
        try #require(SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1)
    }
}

/// As for two sessions.
func shakeHands(
    _ first: () -> TLSSession.Progress,
    _ second: () -> TLSSession.Progress
) -> (TLSSession.Progress, TLSSession.Progress) {
    var progress = (first(), second())
    for _ in 0..<32 where !progress.0.isEnd || !progress.1.isEnd { progress = (first(), second()) }
    return progress
}
