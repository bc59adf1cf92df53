internal import CMantaTLS
internal import COpenSSL
package import MantaCore

/// What all connections of a process share: who it is, and whom it trusts.
///
/// TLS 1.3 is all that is spoken, with keys that are made anew for each connection (X25519): who learns the
/// secret or a key later cannot read what was sent before. Nothing is resumed and nothing is sent before the handshake has
/// ended, so what somebody records and sends again is refused.
///
/// With a secret, each side proves to the other that it knows it. With certificates, each side checks that the
/// authority has signed the other's, and that it is valid today; a client that names the host it meant also
/// checks that the server's is for that name or address, by the names in the extension (SAN) and not the
/// subject. Lists of revoked certificates are not looked at.
package final class TLSContext: Sendable {
    /// Only read after `init`; OpenSSL counts references to it with atomics and guards its caches with locks.
    nonisolated(unsafe) private let clients: OpaquePointer
    nonisolated(unsafe) private let servers: OpaquePointer
    private let usesSecret: Bool

    /// Reads the files of `identity`.
    ///
    /// - Throws: ``ClusterError`` with code `invalidArgument` when a file cannot be used, or when peers would
    ///   refuse the certificate.
    package init(_ identity: TLSIdentity) throws(ClusterError) {
        clients = try makeContext(isServer: false, identity)
        do {
            servers = try makeContext(isServer: true, identity)
        } catch {
            SSL_CTX_free(clients)
            throw error
        }
        usesSecret = if case .secret = identity { true } else { false }
    }

    deinit {
        SSL_CTX_free(clients)
        SSL_CTX_free(servers)
    }

    /// For tests: as if it had been made so long ago.
    package func age(by seconds: Int) {
        for context in [clients, servers] { manta_tls_age_secret(context, seconds) }
    }

    /// The connecting side of `socket`.
    ///
    /// - Parameters:
    ///   - socket: Connected. It stays the caller's, who closes it after the session.
    ///   - host: The name or address that the server's certificate must be for. `nil` when any certificate of the
    ///     authority will do: where the address itself came from the cluster, over a connection like this one.
    ///     Means nothing with a secret.
    /// - Returns: A session that has sent nothing yet.
    /// - Throws: ``ClusterError`` with code `invalidArgument` when `host` cannot be a name or an address, and
    ///   `overloaded` when there is no memory.
    package func client(over socket: Int32, host: String?) throws(ClusterError) -> TLSSession {
        let session = try session(clients, socket, isServer: false)
        guard let host, !usesSecret else { return session }
        guard session.expect(host: host) else {
            throw ClusterError(.invalidArgument, "\"\(host)\" is neither the name of a host nor an address")
        }
        return session
    }

    /// The accepting side of `socket`, which stays the caller's.
    ///
    /// - Parameter socket: Connected.
    /// - Returns: A session that has sent nothing yet.
    /// - Throws: ``ClusterError`` with code `overloaded` when there is no memory.
    package func server(over socket: Int32) throws(ClusterError) -> TLSSession {
        try session(servers, socket, isServer: true)
    }

    private func session(
        _ context: OpaquePointer,
        _ socket: Int32,
        isServer: Bool
    ) throws(ClusterError) -> TLSSession {
        guard let connection = manta_tls_new(context, socket, isServer ? 1 : 0) else {
            throw ClusterError(.overloaded, "no memory is left for another connection")
        }
        return TLSSession(connection, usesSecret: usesSecret)
    }
}

private func makeContext(isServer: Bool, _ identity: TLSIdentity) throws(ClusterError) -> OpaquePointer {
    guard let context = manta_tls_context(isServer ? 1 : 0) else {
        throw ClusterError(
            .invalidArgument,
            "OpenSSL does not offer TLS 1.3 with X25519, AES-128-GCM and ChaCha20-Poly1305",
            hint: "see the system's openssl.cnf, or the file that OPENSSL_CONF names"
        )
    }
    do throws(ClusterError) {
        switch identity {
        case .secret(let secret):
            let isSet = secret.bytes.withBytes { manta_tls_use_secret(context, $0.baseAddress, $0.count) }
            guard isSet == 1 else {
                throw ClusterError(.invalidArgument, "OpenSSL cannot derive a key with HKDF and SHA-256")
            }
        case .certificates(let certificate, let key, let authority):
            try use(certificate: certificate, key: key, authority: authority, in: context, isServer: isServer)
        }
    } catch {
        SSL_CTX_free(context)
        throw error
    }
    return context
}
