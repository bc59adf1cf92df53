internal import CMantaShims
package import MantaCore
package import MantaTLS
package import MantaTransport
/// STUB
package final class TLSStream: BulkStream {
    package init(accepted socket: Int32, tls: TLSContext, _ options: BulkOptions) throws(LinkFailure) {}
    package func secure() throws(LinkFailure) {}
    package static func connect(to address: NodeAddress, _ options: BulkOptions) throws(TransferError)
        -> TLSStream
    { throw .refused("") }
    package func send(_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) throws(LinkFailure) {}
    package func receive(into bytes: UnsafeMutableRawBufferPointer) throws(LinkFailure) {}
    package func waitForInput(within duration: Duration?) throws(LinkFailure) {}
    package func close() {}
}
