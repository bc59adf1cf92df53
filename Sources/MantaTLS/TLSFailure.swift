internal import CMantaTLS
internal import COpenSSL
internal import Glibc

/// Why a connection failed, for a person.
struct TLSFailure: Hashable, Sendable {
    /// OpenSSL's (SSL_R_…); 0 when it has none.
    var reason: Int32
    /// 0 when the socket works.
    var systemError: Int32
    /// Of the other side's certificate (X509_V_ERR_…).
    var verification: Int

    /// Whether the connection was lost, which says nothing of who is at the other end.
    var isLoss: Bool {
        reason == SSL_R_UNEXPECTED_EOF_WHILE_READING || (reason == 0 && systemError != 0)
    }

    /// Whether the other machine says that whom this side wants is not there: see ``TLSSession/absence``.
    var isAbsence: Bool { reason == SSL_AD_REASON_OFFSET + SSL_AD_UNRECOGNIZED_NAME }

    /// `nil` when nothing has failed.
    func description(usesSecret: Bool, isConnected: Bool) -> String? {
        if reason == 0 { return describeSystemError(isConnected: isConnected) }
        // What the other side says is told by its alert (RFC 8446, section 6).
        let alert = reason - SSL_AD_REASON_OFFSET
        if (0...255).contains(alert) { return describe(alert: alert, usesSecret, isConnected) }
        switch reason {
        case SSL_R_BINDER_DOES_NOT_VERIFY:
            return "the other side has another cluster secret"
        case SSL_R_CERTIFICATE_VERIFY_FAILED where usesSecret,
            SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM where usesSecret,
            SSL_R_NO_SHARED_CIPHER where usesSecret:
            return "the other side does not use a cluster secret"
        case SSL_R_CERTIFICATE_VERIFY_FAILED:
            return "the other side's certificate is refused: \(MantaTLS.describe(verification: verification))"
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
            return "the other side has no certificate"
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW, SSL_R_WRONG_SSL_VERSION,
            SSL_R_NO_PROTOCOLS_AVAILABLE:
            return "the other side does not speak TLS 1.3"
        case SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST,
            SSL_R_PACKET_LENGTH_TOO_LONG, SSL_R_UNKNOWN_PROTOCOL:
            return isConnected
                ? "what came is not a record of TLS" : "the other side does not speak TLS at all"
        case SSL_R_UNEXPECTED_EOF_WHILE_READING:
            return isConnected ? nil : "the other side closed the connection during the handshake"
        case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
            return "what came was changed on its way"
        case MANTA_TLS_OTHER_REASON:
            return "what the other side sent cannot be understood"
        default:
            return "TLS failed: \(text(of: reason))"
        }
    }

    private func describe(alert: Int32, _ usesSecret: Bool, _ isConnected: Bool) -> String {
        switch alert {
        case SSL_AD_ILLEGAL_PARAMETER where usesSecret && !isConnected,
            SSL_AD_DECRYPT_ERROR where usesSecret && !isConnected:
            "the other side has another cluster secret"
        case SSL_AD_HANDSHAKE_FAILURE where usesSecret:
            "the other side does not know of a cluster secret"
        case SSL_AD_HANDSHAKE_FAILURE where !isConnected:
            "the other side does not use certificates, or refuses this side's"
        case SSL_AD_UNRECOGNIZED_NAME:
            "the process is not there"
        case SSL_AD_PROTOCOL_VERSION:
            "the other side does not speak TLS 1.3"
        case TLS13_AD_CERTIFICATE_REQUIRED:
            "the other side wants a certificate"
        case SSL_AD_UNKNOWN_CA:
            "the other side does not trust the authority of this side's certificate"
        case SSL_AD_CERTIFICATE_EXPIRED:
            "the other side says that this side's certificate has expired"
        case SSL_AD_BAD_CERTIFICATE, SSL_AD_UNSUPPORTED_CERTIFICATE, SSL_AD_CERTIFICATE_UNKNOWN,
            SSL_AD_CERTIFICATE_REVOKED:
            "the other side refuses this side's certificate (\(text(of: reason)))"
        case SSL_AD_BAD_RECORD_MAC:
            "what this side sent was changed on its way"
        default:
            "the other side refuses the connection (\(text(of: reason)))"
        }
    }

    private func describeSystemError(isConnected: Bool) -> String? {
        switch systemError {
        case 0: nil
        case ECONNRESET, EPIPE:
            isConnected
                ? "the other side cut the connection"
                : "the other side cut the connection during the handshake"
        default: MantaTLS.describe(error: systemError)
        }
    }
}

/// OpenSSL's own words.
private func text(of reason: Int32) -> String {
    // As ERR_PACK does, which is a macro: the library above, the reason below.
    let code = UInt(ERR_LIB_SSL) << 23 | UInt(reason)
    return ERR_reason_error_string(code).map { String(cString: $0) } ?? "reason \(reason)"
}
