package import MantaCore
internal import MantaTransport
import Synchronization

/// Receives objects from the servers of other nodes.
///
/// It has a few threads of its own, started when there is work for them, so that no lane and no thread of the pool of
/// tasks waits for bytes. What is more than they can do waits its turn. `stop()` has to be called.
package final class BulkFetcher: Sendable {
    private let options: BulkOptions
    private let transfers: TransferLine
    private let idle: IdleConnections

    package init(options: BulkOptions = BulkOptions()) {
        self.options = options
        transfers = TransferLine(threadLimit: options.transferLimit)
        idle = IdleConnections(limit: options.idleConnectionLimit)
    }

    /// Receives what is missing of `object` from the server at `endpoint`.
    ///
    /// Cancelling the task ends the transfer at once; this returns when no thread writes to the destination any more. After
    /// an error, another source may be asked for the rest.
    ///
    /// - Parameters:
    ///   - object: What has come of it; one transfer at a time.
    ///   - endpoint: The source.
    /// - Throws: ``TransferError``
    package func fetch<Destination>(
        _ object: IncomingObject<Destination>,
        from endpoint: Endpoint
    ) async throws(TransferError) {
        let transfer = Transfer { [self] transfer in run(transfer, object, from: endpoint) }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                transfer.begin(continuation)
                if !transfers.add(transfer) { transfer.cancel() }
            }
        } onCancel: {
            transfer.cancel()
        }
        try result.get()
    }

    /// Cancels all transfers, closes all connections, and waits until no thread is left.
    package func stop() async {
        await transfers.stop()
        idle.close()
    }

    // MARK: On a thread of its own

    private func run(
        _ transfer: Transfer,
        _ object: some ReceivingObject,
        from endpoint: Endpoint
    ) -> Result<Void, TransferError> {
        let scratch = BulkScratch()
        do {
            if let stream = idle.take(endpoint) {
                do {
                    return try receive(object, over: stream, from: endpoint, transfer, scratch)
                } catch  where error.isUnanswered && !transfer.isCancelled {
                    // The server closed a connection that did nothing, to serve another. A new one tells more.
                }
            }
            return try receive(object, over: nil, from: endpoint, transfer, scratch)
        } catch {
            return .failure(error.error)
        }
    }

    /// Over `idleStream`, a connection that has been used before, or a new one.
    private func receive(
        _ object: some ReceivingObject,
        over idleStream: (any BulkStream)?,
        from endpoint: Endpoint,
        _ transfer: Transfer,
        _ scratch: BulkScratch
    ) throws(BulkReceiver.Failure) -> Result<Void, TransferError> {
        let stream = if let idleStream { idleStream } else { try connect(to: endpoint) }
        guard transfer.attach(stream) else { throw BulkReceiver.Failure(error: .cancelled) }
        let receiver = BulkReceiver(stream, scratch: scratch, mayCompress: options.mayCompress)
        do throws(BulkReceiver.Failure) {
            if idleStream == nil { try receiver.greet(patience: options.patience) }
            let result = try receiver.receive(object)
            if transfer.detach() { idle.put(stream, endpoint) }
            return result
        } catch {
            _ = transfer.detach()
            stream.close()
            throw error
        }
    }

    private func connect(to endpoint: Endpoint) throws(BulkReceiver.Failure) -> any BulkStream {
        do {
            switch endpoint {
            case .unix(let path): return options.wrap(try SocketStream.connect(to: path, options))
            case .node(let address): return options.wrap(try TLSStream.connect(to: address, options))
            }
        } catch {
            throw BulkReceiver.Failure(error: error)
        }
    }
}
