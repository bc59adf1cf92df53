import CMantaShims
import Glibc
import MantaCore
import MantaObjectTransfer
import MantaTransport
import Testing

/// A listener that does with its first connection what a test wants, on a thread of its own.
final class FakeSource: Sendable {
    let endpoint: Endpoint
    private let listener: Int32

    /// `script` gets the connected socket, which it has to close.
    init(folder: String, _ script: @escaping @Sendable (Int32) -> Void) throws {
        let path = "\(folder)/fake"
        endpoint = .unix(path: path)
        listener = manta_unix_listen(path, 16)
        try #require(listener >= 0)
        startThread(named: "manta-fake") { [listener] in
            _ = manta_wait_readable(listener, -1, -1)
            let socket = manta_accept(listener)
            _ = manta_close(listener)
            unlink(path)
            if socket >= 0 { script(socket) }
        }
    }

    /// One that says `bytes` after the greeting's first 8 bytes and the request have come, and waits for the end.
    convenience init(folder: String, saying bytes: [UInt8], thenCloses: Bool = false) throws {
        try self.init(folder: folder) { socket in
            guard let stream = try? SocketStream(socket, BulkOptions()) else { return }
            let empty = UnsafeRawBufferPointer(start: nil, count: 0)
            _ = try? stream.receive(BulkHello.byteCount) { _ in }
            _ = bytes.withUnsafeBytes { bytes in try? stream.send(bytes, empty) }
            while !thenCloses {
                guard (try? stream.receive(1) { _ in }) != nil else { break }
            }
            stream.close()
        }
    }
}

/// What a source says: its hello, and that it has the object.
func opening(_ object: ArraySource) -> [UInt8] {
    stored(BulkHello.byteCount) { BulkHello().store(in: $0) }
        + stored(BulkAnswer.byteCount) {
            BulkAnswer.found(ObjectHead(of: object)).store(in: $0, answering: BulkRequest(object.id))
        }
}

/// A plain chunk as a source sends it.
func plainChunk(_ index: Int, of object: ArraySource) -> [UInt8] {
    let start = index * BulkFormat.chunkByteCount
    let bytes = Array(object.bytes[BulkFormat.chunk(at: start, of: object.byteCount)])
    let head = ChunkHead(
        index: UInt32(index),
        kind: .plain,
        byteCount: bytes.count,
        wireByteCount: bytes.count,
        checksum: bytes.withUnsafeBytes { crc32c($0) }
    )
    return stored(ChunkHead.byteCount) { head.store(in: $0) } + bytes
}
