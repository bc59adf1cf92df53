internal import CMantaTLS
internal import COpenSSL
internal import Glibc
internal import MantaCore

/// Loads the files, and checks that peers with the same authority would accept the certificate: better now, where a person
/// reads the message, than at every connection.
func use(
    certificate: String,
    key: String,
    authority: String,
    in context: OpaquePointer,
    isServer: Bool
) throws(ClusterError) {
    ERR_clear_error()
    guard SSL_CTX_load_verify_file(context, authority) == 1 else {
        throw cannotLoad("the authority's certificates", authority)
    }
    guard SSL_CTX_use_certificate_chain_file(context, certificate) == 1 else {
        throw cannotLoad("the certificate", certificate)
    }
    guard SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 else {
        if SSL_CTX_get0_privatekey(context) != nil || isMismatch() {
            throw ClusterError(
                .invalidArgument,
                "the key \(key) is not the one of the certificate \(certificate)"
            )
        }
        throw cannotLoad("the key", key, hint: "a PEM file without a password is needed")
    }
    guard SSL_CTX_check_private_key(context) == 1 else {
        throw ClusterError(
            .invalidArgument,
            "the key \(key) is not the one of the certificate \(certificate)"
        )
    }
    manta_tls_use_certificates(context)
    let result = manta_tls_check_own_certificate(context, isServer ? 1 : 0)
    guard result == 0 else {
        throw ClusterError(
            .invalidArgument,
            "peers would refuse the certificate \(certificate) of this \(isServer ? "server" : "client"): "
                + "\(describe(verification: Int(result)))",
            hint: "it has to be signed by an authority in \(authority), for both servers and clients"
        )
    }
}

/// What is wrong with a certificate (X509_V_ERR_…); where OpenSSL's words tell a person little, others.
func describe(verification result: Int) -> String {
    switch Int32(truncatingIfNeeded: result) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
        X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
        X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_CERT_SIGNATURE_FAILURE:
        "another authority has signed it"
    case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
        "it is for another host"
    default:
        X509_verify_cert_error_string(result).map { String(cString: $0) } ?? "error \(result)"
    }
}

private func isMismatch() -> Bool { reasonInQueue() == X509_R_KEY_VALUES_MISMATCH }

private func reasonInQueue() -> Int32 { ERR_GET_REASON(ERR_peek_error()) }

private func cannotLoad(_ what: String, _ path: String, hint: String? = nil) -> ClusterError {
    defer { ERR_clear_error() }
    guard access(path, R_OK) == 0 else {
        return ClusterError(.invalidArgument, "cannot read \(what) \(path): \(describe(error: errno))")
    }
    let text = ERR_reason_error_string(ERR_peek_last_error()).map { String(cString: $0) } ?? "unknown content"
    return ClusterError(
        .invalidArgument,
        "cannot use \(what) \(path): \(text)",
        hint: hint ?? "a PEM file is needed"
    )
}
