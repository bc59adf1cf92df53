package import MantaTransport

/// A connection that carries bytes in order, and blocks the thread that uses it.
///
/// One thread sends and receives; `close()` is for any thread.
package protocol BulkStream: AnyObject, Sendable {
    /// Sends all bytes of `head`, then all of `body`.
    func send(_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) throws(LinkFailure)

    /// Fills `bytes`, however many pieces they come in.
    func receive(into bytes: UnsafeMutableRawBufferPointer) throws(LinkFailure)

    /// Waits until there is something to receive, or the end of the connection.
    ///
    /// - Throws: `silent` after `duration`; never when it is `nil`.
    func waitForInput(within duration: Duration?) throws(LinkFailure)

    /// Ends both directions at once: whoever waits in another function is let go with `peerClosed`.
    func close()
}
