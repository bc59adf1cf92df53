package import MantaCore
package struct ClusterSecret: Sendable {
    package static func generate() -> ClusterSecret { ClusterSecret() }
    package init() {}
    package init(contentsOf path: String) throws(ClusterError) {}
    package func write(to path: String) throws(ClusterError) {}
}
package enum TLSIdentity: Sendable { case secret(ClusterSecret); case certificates(certificate: String, key: String, authority: String) }
package final class TLSContext: Sendable {
    package init(_ identity: TLSIdentity) throws(ClusterError) {}
    package func client(over socket: Int32, host: String?) throws(ClusterError) -> TLSSession { TLSSession() }
    package func server(over socket: Int32) throws(ClusterError) -> TLSSession { TLSSession() }
}
package final class TLSSession: Sendable {
    package enum Progress: Sendable { case done, wantsRead, wantsWrite, failed(String) }
    package func handshake() -> Progress { .done }
    package func receive(_ pointer: UnsafeMutableRawPointer?, _ count: Int) -> Int { 0 }
    package func send(_ pointer: UnsafeRawPointer?, _ count: Int) -> Int { 0 }
    package var hasBuffered: Bool { false }
    package func close() {}
}
