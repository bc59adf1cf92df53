/// How a process proves that it belongs to the cluster, and has others prove it.
package enum TLSIdentity: Sendable {
    /// Both sides know the secret. No certificates are used.
    case secret(ClusterSecret)
    /// Each side has a certificate that `authority` has signed. Paths of PEM files: the certificate with those
    /// between it and the authority, its key, which has no password, and the authority's certificates.
    ///
    /// A certificate that names its uses needs both, of servers and of clients.
    case certificates(certificate: String, key: String, authority: String)
}
