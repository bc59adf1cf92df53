package import MantaCore
package import MantaTLS

/// How a process reaches those of other machines, and they it.
package struct Network: Sendable {
    package let launch: NetworkLaunch
    package let tls: TLSContext

    /// Where its own node's port is.
    package var address: NodeAddress { launch.address }
    /// Where the GCS may be: at the first of these that answers for it.
    package var heads: [NodeAddress] { launch.heads }
    package var gcs: ProcessID { launch.gcs }

    /// - Throws: ``ClusterError`` when the files that it names cannot be used.
    package init(_ launch: NetworkLaunch) throws(ClusterError) {
        self.launch = launch
        tls = try TLSContext(launch.security.identity())
    }
}

/// What a process is told of its ``Network`` when it is started.
package struct NetworkLaunch: Hashable, Sendable, Codable {
    package var address: NodeAddress
    package var heads: [NodeAddress]
    /// The process that hosts the GCS, the same over all of its restarts.
    package var gcs: ProcessID
    package var security: SecurityFiles

    package init(address: NodeAddress, heads: [NodeAddress], gcs: ProcessID, security: SecurityFiles) {
        self.address = address
        self.heads = heads
        self.gcs = gcs
        self.security = security
    }
}

/// The files by which processes of a cluster prove that they belong to it.
package enum SecurityFiles: Hashable, Sendable, Codable {
    /// The cluster's secret.
    case secret(path: String)
    /// PEM files: this node's certificate and its key, and the authority that has signed those of all.
    case certificates(certificate: String, key: String, authority: String)

    package func identity() throws(ClusterError) -> TLSIdentity {
        switch self {
        case .secret(let path): .secret(try ClusterSecret(contentsOf: path))
        case .certificates(let certificate, let key, let authority):
            .certificates(certificate: certificate, key: key, authority: authority)
        }
    }
}
