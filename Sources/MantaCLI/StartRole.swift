/// What a node is to be in its cluster.
enum StartRole {
    /// The head, alone.
    case head
    /// The head while it is elected, among others that may be too.
    case candidate(etcd: [String], cluster: String)
    case node
}
