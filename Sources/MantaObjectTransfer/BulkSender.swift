internal import CMantaShims
internal import MantaCore
internal import MantaTransport

/// The source's side of one connection, on the thread that serves it.
final class BulkSender {
    /// What it has sent.
    struct Figures {
        var objectCount = 0
        var byteCount = 0
        var wireByteCount = 0
        var compressedChunkCount = 0
        var chunkCount = 0
    }

    private let stream: any BulkStream
    private let mayCompress: Bool
    private let scratch = BulkScratch()
    private var choice = CompressionChoice()
    private var figures = Figures()

    init(_ stream: any BulkStream, mayCompress: Bool) {
        self.stream = stream
        self.mayCompress = mayCompress
    }

    /// What was sent since this was last asked.
    func takeFigures() -> Figures {
        defer { figures = Figures() }
        return figures
    }

    /// Says hello to who has just connected.
    func greet() throws(LinkFailure) {
        guard let hello = try stream.receive(BulkHello.byteCount, { BulkHello($0) }) else {
            throw .protocolViolation("the first bytes are not those of Manta's transfer of objects")
        }
        // Sent in any case: the other side then knows what does not fit.
        try stream.send(BulkHello.byteCount) { BulkHello().store(in: $0) }
        guard BulkHello().speaks(with: hello) else {
            throw .protocolViolation(
                "it speaks versions \(hello.oldestVersion) to \(hello.version) of the transfer of objects"
            )
        }
    }

    func receiveRequest() throws(LinkFailure) -> BulkRequest {
        guard let request = try stream.receive(BulkRequest.byteCount, { BulkRequest($0) }) else {
            throw .protocolViolation("a request of an unknown kind")
        }
        return request
    }

    /// Sends the object; that it is not here when there is no source; or why it cannot be read.
    func answer(_ request: BulkRequest, with found: Result<(any BulkSource)?, any Error>) throws(LinkFailure)
    {
        let source: any BulkSource
        switch found {
        case .success(let found?): source = found
        case .success(nil): return try send(.notFound, to: request)
        case .failure(let error):
            let message = shortened(error)
            return try send(.error(messageByteCount: message.utf8.count), to: request, message)
        }
        guard request.offset <= source.byteCount else {
            let message = "\(request.id) has \(source.byteCount) bytes, byte \(request.offset) was asked for"
            return try send(.error(messageByteCount: message.utf8.count), to: request, message)
        }
        try send(.found(ObjectHead(of: source)), to: request)
        choice.startObject(byteCount: source.byteCount - request.offset)
        figures.objectCount += 1
        var offset = request.offset
        var index: UInt32 = 0
        while offset < source.byteCount {
            let range = BulkFormat.chunk(at: offset, of: source.byteCount)
            let sent: Result<Void, LinkFailure>
            do {
                sent = try source.withBytes(in: range, scratch: scratch) { bytes in
                    Result { () throws(LinkFailure) in
                        try send(chunk: index, bytes, takesCompressed: request.takesCompressed)
                    }
                }
            } catch {
                return try send(failure: error, at: index)
            }
            try sent.get()
            offset = range.upperBound
            index += 1
        }
    }

    private func send(
        chunk index: UInt32,
        _ bytes: UnsafeRawBufferPointer,
        takesCompressed: Bool
    ) throws(LinkFailure) {
        let checksum = crc32c(bytes)
        let start = manta_now()
        let block = mayCompress && takesCompressed ? compressed(bytes) : nil
        let compressing = nanoseconds(since: start)
        let wire = block ?? bytes
        let head = ChunkHead(
            index: index,
            kind: block == nil ? .plain : .lz4,
            byteCount: bytes.count,
            wireByteCount: wire.count,
            checksum: checksum
        )
        let sending = manta_now()
        try stream.send(ChunkHead.byteCount, followedBy: wire) { head.store(in: $0) }
        choice.sent(
            byteCount: bytes.count,
            wireByteCount: wire.count + ChunkHead.byteCount,
            took: nanoseconds(since: sending),
            after: compressing
        )
        figures.chunkCount += 1
        figures.byteCount += bytes.count
        figures.wireByteCount += wire.count
        if block != nil { figures.compressedChunkCount += 1 }
    }

    /// The chunk compressed, if that pays.
    private func compressed(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        var step = choice.step(byteCount: bytes.count)
        if step == .probe {
            // From the middle: what comes first in an object is often not like the rest.
            let count = min(bytes.count, CompressionChoice.probeByteCount)
            let first = (bytes.count - count) / 2
            let part = UnsafeRawBufferPointer(rebasing: bytes[first..<first + count])
            let (block, took) = compress(part, room: count)
            choice.probed(byteCount: count, compressedByteCount: block?.count, took: took)
            step = choice.stepAfterProbe
        }
        guard step == .compressed else { return nil }
        let (block, took) = compress(bytes, room: bytes.count - 1)
        choice.compressed(byteCount: bytes.count, compressedByteCount: block?.count, took: took)
        return block
    }

    /// Compresses into so many bytes of the scratch memory.
    ///
    /// - Returns: The block, and the processor time that it took: while others have the processor, compression would look dear
    ///   that is cheap, and stay so for an object.
    private func compress(
        _ bytes: UnsafeRawBufferPointer,
        room: Int
    ) -> (block: UnsafeRawBufferPointer?, took: Duration) {
        let start = manta_thread_time()
        let room = UnsafeMutableRawBufferPointer(rebasing: scratch.compressed[..<room])
        let block = LZ4.compress(bytes, into: room)
        return (block, .nanoseconds(Int64(clamping: manta_thread_time() &- start)))
    }

    private func send(_ answer: BulkAnswer, to request: BulkRequest, _ message: String = "")
        throws(LinkFailure)
    {
        try send(BulkAnswer.byteCount, followedBy: message) { answer.store(in: $0, answering: request) }
    }

    private func shortened(_ error: any Error) -> String {
        String("\(error)".prefix(BulkFormat.maximumMessageByteCount / 4))
    }

    private func send(failure: ClusterError, at index: UInt32) throws(LinkFailure) {
        let message = shortened(failure)
        let head = ChunkHead(
            index: index,
            kind: .failed,
            byteCount: 0,
            wireByteCount: message.utf8.count,
            checksum: 0
        )
        try send(ChunkHead.byteCount, followedBy: message) { head.store(in: $0) }
    }

    private func send(
        _ byteCount: Int,
        followedBy message: String,
        _ fill: (UnsafeMutableRawBufferPointer) -> Void
    ) throws(LinkFailure) {
        let bytes = Array(message.utf8)
        let result = bytes.withUnsafeBytes { message in
            Result { () throws(LinkFailure) in try stream.send(byteCount, followedBy: message, fill) }
        }
        try result.get()
    }
}

/// How long it is since `start`, a time of `manta_now`.
func nanoseconds(since start: UInt64) -> Duration {
    .nanoseconds(Int64(clamping: manta_now() &- start))
}
