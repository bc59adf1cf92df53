package import MantaTransport

/// How objects are sent and received.
package struct BulkOptions: Sendable {
    /// A peer that neither sends nor takes a byte for this long is given up.
    package var timeout = Duration.seconds(10)
    /// How long a new connection may wait for the source to have time for it.
    package var patience = Duration.seconds(60)
    /// How many connections a server serves at a time; each has a thread. More wait to be accepted.
    package var connectionLimit = 32
    /// How many transfers a fetcher has under way; each has a thread.
    package var transferLimit = 16
    /// How many connections a fetcher keeps for later, one for an endpoint.
    package var idleConnectionLimit = 16
    /// Of the sockets, each way. 0 leaves it to the system.
    package var socketBufferByteCount = 1 << 20
    /// Whether chunks may be compressed, as one side wishes.
    package var mayCompress = true
    /// How to reach other machines, and prove to them who this is; `nil` in a cluster of one.
    package var network: Network?
    /// Wraps each connection: to slow it down, or to break it, in tests.
    package var wrap: @Sendable (any BulkStream) -> any BulkStream = { $0 }

    package init() {}
}
