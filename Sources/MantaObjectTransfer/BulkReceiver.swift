internal import MantaCore
internal import MantaTransport

/// The receiver's side of one connection, on the thread that it gives a transfer.
final class BulkReceiver {
    /// How a request has failed.
    struct Failure: Error {
        var error: TransferError
        /// Whether the connection ended before a byte of the answer: the server may have closed it before the request.
        var isUnanswered = false
    }

    /// How much is received before its checksum is computed: it is in the cache still.
    private static let pieceByteCount = 256 << 10

    private let stream: any BulkStream
    private let scratch: BulkScratch
    private let mayCompress: Bool

    init(_ stream: any BulkStream, scratch: BulkScratch, mayCompress: Bool) {
        self.stream = stream
        self.scratch = scratch
        self.mayCompress = mayCompress
    }

    /// Says hello, and waits for the source to have time.
    func greet(patience: Duration) throws(Failure) {
        let answer: BulkHello?
        do {
            try stream.send(BulkHello.byteCount) { BulkHello().store(in: $0) }
            try stream.waitForInput(within: patience)
            answer = try stream.receive(BulkHello.byteCount) { BulkHello($0) }
        } catch {
            throw Failure(error: TransferError(error))
        }
        guard let answer else {
            throw Failure(error: .malformed("it does not greet as a source of objects"))
        }
        guard BulkHello().speaks(with: answer) else {
            let versions = "\(answer.oldestVersion) to \(answer.version)"
            let own = "\(BulkFormat.oldestVersion) to \(BulkFormat.version)"
            throw Failure(error: .refused("it speaks versions \(versions) of the transfer, this side \(own)"))
        }
    }

    /// Receives what is missing of `object`.
    ///
    /// - Returns: A success, or what the source has answered instead: then, too, the connection can be used again.
    func receive(_ object: some ReceivingObject) throws(Failure) -> Result<Void, TransferError> {
        let request = BulkRequest(object.id, from: object.receivedByteCount, takesCompressed: mayCompress)
        let answer: Result<BulkAnswer, TransferError>
        do {
            try stream.send(BulkRequest.byteCount) { request.store(in: $0) }
            answer = try stream.receive(BulkAnswer.byteCount) { bytes in
                Result { () throws(TransferError) in try BulkAnswer(bytes, answering: request) }
            }
        } catch {
            throw Failure(error: TransferError(error), isUnanswered: error == .peerClosed)
        }
        do {
            switch try answer.get() {
            case .notFound:
                return .failure(.notFound)
            case .error(let messageByteCount):
                return .failure(.refused(try receiveMessage(messageByteCount)))
            case .found(let head):
                try receiveChunks(of: head, into: object, from: request.offset)
                return .success(())
            }
        } catch {
            throw Failure(error: error)
        }
    }

    private func receiveChunks(
        of head: ObjectHead,
        into object: some ReceivingObject,
        from start: Int
    ) throws(TransferError) {
        let memory = try object.begin(head)
        var offset = start
        var index: UInt32 = 0
        while offset < head.byteCount {
            offset += try receiveChunk(index, into: memory[offset..<head.byteCount])
            object.received(upTo: offset)
            index += 1
        }
    }

    /// - Returns: How many bytes the chunk has.
    private func receiveChunk(
        _ index: UInt32,
        into room: Slice<UnsafeMutableRawBufferPointer>
    ) throws(TransferError) -> Int {
        let read: Result<ChunkHead, TransferError>
        do {
            read = try stream.receive(ChunkHead.byteCount) { bytes in
                Result { () throws(TransferError) in
                    try ChunkHead(bytes, index: index, room: room.count)
                }
            }
        } catch {
            throw TransferError(error)
        }
        let head = try read.get()
        let bytes = UnsafeMutableRawBufferPointer(rebasing: room.prefix(head.byteCount))
        let checksum: UInt32
        switch head.kind {
        case .plain:
            checksum = try receivePlain(into: bytes)
        case .lz4:
            let block = UnsafeMutableRawBufferPointer(rebasing: scratch.compressed[..<head.wireByteCount])
            try receive(into: block)
            guard LZ4.decompress(UnsafeRawBufferPointer(block), into: bytes) else {
                throw .corrupt(chunk: Int(index))
            }
            checksum = crc32c(UnsafeRawBufferPointer(bytes))
        case .failed:
            throw .refused(try receiveMessage(head.wireByteCount))
        }
        guard checksum == head.checksum else { throw .corrupt(chunk: Int(index)) }
        return head.byteCount
    }

    private func receivePlain(into bytes: UnsafeMutableRawBufferPointer) throws(TransferError) -> UInt32 {
        var checksum: UInt32 = 0
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeMutableRawBufferPointer(rebasing: rest.prefix(Self.pieceByteCount))
            try receive(into: piece)
            checksum = crc32c(UnsafeRawBufferPointer(piece), continuing: checksum)
            rest = rest.dropFirst(piece.count)
        }
        return checksum
    }

    private func receiveMessage(_ byteCount: Int) throws(TransferError) -> String {
        do {
            return try stream.receive(byteCount) { String(decoding: $0, as: UTF8.self) }
        } catch {
            throw TransferError(error)
        }
    }

    private func receive(into bytes: UnsafeMutableRawBufferPointer) throws(TransferError) {
        do {
            try stream.receive(into: bytes)
        } catch {
            throw TransferError(error)
        }
    }
}

extension TransferError {
    init(_ failure: LinkFailure) {
        self =
            switch failure {
            case .silent(let duration): .stalled(duration)
            case .protocolViolation(let what): .malformed(what)
            case .peerClosed, .systemError, .closedHere: .closed(failure.description)
            }
    }
}
