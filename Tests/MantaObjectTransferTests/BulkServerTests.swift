import CMantaShims
import Glibc
import MantaCore
import MantaObjectTransfer
import MantaTestSupport
import MantaTransport
import Testing

@Suite struct BulkServerTests {
    private static let chunk = BulkFormat.chunkByteCount

    /// Sends `bytes` to a server, and returns what comes back until it closes the connection.
    private func answer(to bytes: [UInt8], from server: BulkServer) throws -> [UInt8] {
        let stream = try SocketStream.connect(to: server.socketPath, BulkOptions())
        try bytes.withUnsafeBytes { try stream.send($0, UnsafeRawBufferPointer(start: nil, count: 0)) }
        var received: [UInt8] = []
        while true {
            do throws(LinkFailure) {
                received.append(try stream.receive(1) { $0[0] })
            } catch {
                // A server that closes with something unread resets the connection: not told apart here.
                #expect(error == .peerClosed)
                return received
            }
        }
    }

    private var hello: [UInt8] { stored(BulkHello.byteCount) { BulkHello().store(in: $0) } }

    @Test("who does not greet as a fetcher does is cut off without an answer", .timeLimit(.minutes(5)))
    func garbageHello() async throws {
        try await withExchange { exchange in
            let server = try exchange.serve([])
            #expect(try answer(to: Array("GET / HTTP/1.1\r\n\r\n".utf8), from: server) == [])
            #expect(try answer(to: [UInt8](repeating: 0, count: 8), from: server) == [])
        }
    }

    @Test("who speaks another version learns which this one is", .timeLimit(.minutes(5)))
    func otherVersion() async throws {
        try await withExchange { exchange in
            let server = try exchange.serve([])
            var other = BulkHello()
            (other.oldestVersion, other.version) = (7, 9)
            #expect(try answer(to: stored(8) { other.store(in: $0) }, from: server) == hello)
        }
    }

    @Test("a request of an unknown kind ends the connection", .timeLimit(.minutes(5)))
    func unknownRequest() async throws {
        try await withExchange { exchange in
            let server = try exchange.serve([])
            let request = stored(BulkRequest.byteCount) { BulkRequest(objectID(1)).store(in: $0) }
            #expect(try answer(to: hello + altered(request, 0, 2), from: server) == hello)
        }
    }

    @Test(
        "who connects and says nothing, or half of it, is cut off after the timeout",
        .timeLimit(.minutes(5))
    )
    func silentClient() async throws {
        try await withExchange { exchange in
            var options = BulkOptions()
            options.timeout = .milliseconds(50)
            let server = try exchange.serve([], options)
            #expect(try answer(to: [], from: server) == [])
            #expect(try answer(to: Array(hello[..<5]), from: server) == [])
            #expect(try answer(to: hello, from: server) == hello)
            #expect(try answer(to: hello + [1, 0, 0], from: server) == hello)
        }
    }

    @Test("who takes nothing of what it asked for is cut off after the timeout", .timeLimit(.minutes(5)))
    func stalledClient() async throws {
        let source = ArraySource(objectID(1), randomBytes(40 * Self.chunk))
        try await withExchange { exchange in
            var options = BulkOptions()
            options.timeout = .milliseconds(50)
            options.connectionLimit = 1
            let server = try exchange.serve([source], options)
            let stream = try SocketStream.connect(to: server.socketPath, BulkOptions())
            try stream.send(BulkHello.byteCount) { BulkHello().store(in: $0) }
            try stream.send(BulkRequest.byteCount) { BulkRequest(source.id).store(in: $0) }
            // There is one place, so this is answered when the other has lost it.
            let object = incoming(source.id)
            try await exchange.fetcher().fetch(object, from: server.endpoint)
            #expect(object.isComplete)
            #expect(source.readCount < 80)
            stream.close()
        }
    }

    @Test("bytes behind the end of an object cannot be asked for", .timeLimit(.minutes(5)))
    func behindTheEnd() async throws {
        let source = ArraySource(objectID(1), randomBytes(100))
        try await withExchange { exchange in
            let server = try exchange.serve([source])
            let stream = try SocketStream.connect(to: server.socketPath, BulkOptions())
            try stream.send(BulkHello.byteCount) { BulkHello().store(in: $0) }
            try stream.receive(BulkHello.byteCount) { _ in }
            for offset in [101, Int.max] {
                let request = BulkRequest(source.id, from: offset)
                try stream.send(BulkRequest.byteCount) { request.store(in: $0) }
                let answer = try stream.receive(BulkAnswer.byteCount) { bytes in
                    Result { try BulkAnswer(bytes, answering: request) }
                }
                guard case .error(let count) = try answer.get() else {
                    return #expect(Bool(false), "no error for \(offset)")
                }
                let message = try stream.receive(count) { String(decoding: $0, as: UTF8.self) }
                #expect(message.contains("100 bytes") && message.contains("\(offset)"))
            }
            let end = BulkRequest(source.id, from: 100)
            try stream.send(BulkRequest.byteCount) { end.store(in: $0) }
            let answer = try stream.receive(BulkAnswer.byteCount) { bytes in
                Result { try BulkAnswer(bytes, answering: end) }
            }
            #expect(try answer.get() == .found(ObjectHead(of: source)))
            stream.close()
        }
    }

    @Test("random bytes end connections and nothing else", .timeLimit(.minutes(5)))
    func randomBytesFromClients() async throws {
        let source = ArraySource(objectID(1), randomBytes(2 * Self.chunk))
        var random = SeededRandom(seed: 31)
        try await withExchange { exchange in
            var options = BulkOptions()
            options.timeout = .milliseconds(20)
            let server = try exchange.serve([source], options)
            for round in 0..<40 {
                let bytes = random.bytes(Int.random(in: 0..<100, using: &random))
                _ = try answer(to: round % 2 == 0 ? bytes : hello + bytes, from: server)
            }
            let object = incoming(source.id)
            try await exchange.fetcher().fetch(object, from: server.endpoint)
            #expect(object.destination?.array == source.bytes)
        }
    }

    @Test("a folder that others may enter is no place for the socket")
    func openFolder() async throws {
        try await withTemporaryFolder { folder in
            chmod(folder, 0o755)
            let error = await clusterError { _ = try server(in: folder) }
            #expect(error?.code == .notConnected)
            #expect(error?.hint == "chmod 700 \(folder)")
            #expect(names(in: folder) == [])
        }
    }

    @Test("an endpoint that is taken, or has no folder, is an error that names it")
    func takenEndpoint() async throws {
        try await withTemporaryFolder { folder in
            let first = try server(in: folder)
            let error = await clusterError { _ = try server(in: folder) }
            #expect(error?.code == .notConnected && error?.message.contains("\(folder)/socket") == true)
            await first.stop()
            let missing = await clusterError { _ = try server(in: folder + "/missing") }
            #expect(missing?.code == .notConnected)
        }
    }

    private func server(in folder: String) throws -> BulkServer {
        try BulkServer(at: .unix(path: "\(folder)/socket")) { _ in nil }
    }

    @Test("on a slow link text goes compressed, and arrives as it was", .timeLimit(.minutes(5)))
    func slowLink() async throws {
        let source = ArraySource(objectID(1), text(6 * Self.chunk))
        try await withExchange { exchange in
            var options = BulkOptions()
            options.wrap = { SlowStream($0, bytesPerSecond: 20e6) }
            let server = try exchange.serve([source], options)
            let object = incoming(source.id)
            try await exchange.fetcher().fetch(object, from: server.endpoint)
            #expect(object.destination?.array == source.bytes)
            try await eventually { server.figures.objectCount == 1 }
            #expect(server.figures.compressedChunkCount > 0)
            #expect(server.figures.wireByteCount < source.byteCount)
        }
    }

    @Test("who does not take compressed chunks gets plain ones", .timeLimit(.minutes(5)))
    func plainOnly() async throws {
        let source = ArraySource(objectID(1), [UInt8](repeating: 0, count: 6 * Self.chunk))
        try await withExchange { exchange in
            var slow = BulkOptions()
            slow.wrap = { SlowStream($0, bytesPerSecond: 100e6) }
            let server = try exchange.serve([source], slow)
            var plain = BulkOptions()
            plain.mayCompress = false
            let object = incoming(source.id)
            try await exchange.fetcher(plain).fetch(object, from: server.endpoint)
            #expect(object.destination?.array == source.bytes)
            try await eventually { server.figures.objectCount == 1 }
            #expect(server.figures.wireByteCount == source.byteCount)
        }
    }

    @Test("what cannot be compressed goes plain on the slowest link", .timeLimit(.minutes(5)))
    func incompressible() async throws {
        let source = ArraySource(objectID(1), randomBytes(4 * Self.chunk))
        try await withExchange { exchange in
            var slow = BulkOptions()
            slow.wrap = { SlowStream($0, bytesPerSecond: 40e6) }
            let server = try exchange.serve([source], slow)
            let object = incoming(source.id)
            try await exchange.fetcher().fetch(object, from: server.endpoint)
            try await eventually { server.figures.objectCount == 1 }
            #expect(server.figures.compressedChunkCount == 0)
        }
    }
}
