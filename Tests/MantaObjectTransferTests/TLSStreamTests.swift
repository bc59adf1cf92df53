import CMantaShims
import Glibc
import MantaCore
import MantaObjectTransfer
import MantaTLS
import MantaTestSupport
import MantaTransport
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct TLSStreamTests {
    @Test("bytes pass both ways in pieces of all sizes, heads and bodies alike")
    func pieces() async throws {
        try await withTLS { port in
            let (client, server) = try await port.connection()
            let bytes = randomBytes(300_000)
            for size in [0, 1, 64, 4096, 16_384, 16_385, 100_000, 300_000] {
                for (sender, receiver) in [(client, server), (server, client)] {
                    let isSame = try await bothAtOnce {
                        try bytes.withUnsafeBytes { bytes in
                            let head = UnsafeRawBufferPointer(rebasing: bytes[..<min(size, 24)])
                            try sender.send(head, UnsafeRawBufferPointer(rebasing: bytes[head.count..<size]))
                        }
                    } and: {
                        try received(size, from: receiver) == Array(bytes[..<size])
                    }
                    #expect(isSame, "\(size) bytes")
                }
            }
        }
    }

    @Test("an object comes whole from a node that can only be reached over the network")
    func object() async throws {
        try await withTLS { port in
            try await withTemporaryFolder { folder in
                let exchange = Exchange(folder: folder)
                let source = ArraySource(objectID(1), randomBytes(5_000_000))
                let server = try exchange.serve([source], port.options)
                async let adopted: Void = onThread {
                    if let socket = port.accept() { server.adopt(socket) }
                }
                let object = incoming(source.id)
                let error = await transferError { () async throws(TransferError) in
                    try await exchange.fetcher(port.options).fetch(object, from: .node(port.address))
                }
                await adopted
                await exchange.stop()
                #expect(error == nil)
                #expect(object.isComplete)
            }
        }
    }

    @Test(
        "past its bound of connections a server keeps others waiting, and refuses nobody who has the patience"
    )
    func waitsForPlace() async throws {
        try await withTLS { port in
            try await withTemporaryFolder { folder in
                let exchange = Exchange(folder: folder)
                let source = ArraySource(objectID(1), randomBytes(16_000_000))
                var options = port.options
                options.connectionLimit = 1
                let server = try exchange.serve([source], options)
                // Two that take nothing of what they ask for have the places.
                let slow = [
                    try await connect(port, server, asking: source.id),
                    try await connect(port, server, asking: source.id),
                ]
                try await eventually { source.readCount >= 4 }
                let object = incoming(source.id)
                async let adopted: Void = onThread { if let socket = port.accept() { server.adopt(socket) } }
                async let error = transferError { () async throws(TransferError) in
                    try await exchange.fetcher(port.options).fetch(object, from: .node(port.address))
                }
                await adopted
                try await eventually { server.figures.mostConnectionCount == 3 }
                #expect(object.receivedByteCount == 0)
                slow[0].close()
                #expect(await error == nil)
                #expect(object.isComplete)
                slow[1].close()
                await exchange.stop()
            }
        }
    }

    /// A connection over which an object is asked for, and nothing is received.
    private func connect(
        _ port: TLSPort,
        _ server: BulkServer,
        asking id: ObjectID
    ) async throws -> TLSStream {
        let (address, options) = (port.address, port.options)
        async let client = onThread { () throws in
            let stream = try TLSStream.connect(to: address, options)
            try stream.send(BulkHello.byteCount) { BulkHello().store(in: $0) }
            try stream.send(BulkRequest.byteCount) { BulkRequest(id).store(in: $0) }
            return stream
        }
        await onThread { if let socket = port.accept() { server.adopt(socket) } }
        return try await client
    }

    @Test("a node of another cluster is refused, and learns no more than that")
    func otherCluster() async throws {
        try await withTLS { port in
            let stranger = try TLSContext(.secret(.generate()))
            async let failure = onThread { () -> LinkFailure? in
                guard let socket = port.accept() else { return nil }
                do {
                    let stream = try TLSStream(accepted: socket, tls: stranger, port.options)
                    return linkFailure { () throws(LinkFailure) in try stream.secure() }
                } catch {
                    return nil
                }
            }
            let options = port.options
            let address = port.address
            let error = await onThread {
                do throws(TransferError) {
                    _ = try TLSStream.connect(to: address, options)
                    return TransferError?.none
                } catch {
                    return error
                }
            }
            guard case .refused(let reason)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(reason.contains("the other side has another cluster secret"))
            #expect(await failure == .protocolViolation("the other side has another cluster secret"))
        }
    }

    @Test("who sends a byte of the handshake now and then does not stay for longer than one who sends none")
    func trickle() async throws {
        try await withTLS { port in
            var options = port.options
            options.timeout = .seconds(1)
            let pair = try SecuredLater(port.network.tls, options)
            // The head of a record of 4,000 bytes. It takes 20 s to send so slowly, and is refused when it is whole.
            async let sentCount = onThread { () -> Int in
                var bytes: [UInt8] = [22, 3, 1, 15, 160, 1, 0, 15, 156]
                for count in 0..<4000 {
                    let sent = bytes.withUnsafeBytes { manta_send(pair.peer, $0.baseAddress, $0.count) }
                    // Readable: it has been given up.
                    guard sent > 0, manta_wait_readable(pair.peer, -1, 5000) == 0 else { return count }
                    bytes = [3]
                }
                return 4000
            }
            let failure = await onThread {
                linkFailure { () throws(LinkFailure) in try pair.stream.secure() }
            }
            pair.stream.close()
            #expect(failure == .silent(.seconds(1)))
            #expect(await sentCount < 4000)
        }
    }

    @Test("who is silent in the handshake, or says something else, is given up")
    func silentPeer() async throws {
        try await withTLS { port in
            var options = port.options
            options.timeout = .milliseconds(20)
            let silent = try SecuredLater(port.network.tls, options)
            #expect(
                linkFailure { () throws(LinkFailure) in try silent.stream.secure() }
                    == .silent(.milliseconds(20))
            )
            let other = try SecuredLater(port.network.tls, options)
            #expect(
                Array("GET / HTTP/1.1\r\n\r\n".utf8).withUnsafeBytes {
                    manta_send(other.peer, $0.baseAddress, $0.count)
                } > 0
            )
            #expect(
                linkFailure { () throws(LinkFailure) in try other.stream.secure() }
                    == .protocolViolation("the other side does not speak TLS at all")
            )
        }
    }

    @Test("who waits for bytes, for room or for input is told of silence after the timeout")
    func silence() async throws {
        try await withTLS { port in
            port.timeout = .milliseconds(50)
            let (client, server) = try await port.connection()
            let failures = await onThread { () -> [LinkFailure?] in
                let big = [UInt8](repeating: 1, count: 16 << 20)
                return [
                    linkFailure { () throws(LinkFailure) in _ = try received(1, from: client) },
                    linkFailure { () throws(LinkFailure) in
                        try client.waitForInput(within: .milliseconds(10))
                    },
                    linkFailure { () throws(LinkFailure) in try send(big, over: client) },
                ]
            }
            #expect(
                failures
                    == [.silent(.milliseconds(50)), .silent(.milliseconds(10)), .silent(.milliseconds(50))]
            )
            withExtendedLifetime(server) {}
        }
    }

    @Test("input that TLS holds already is not waited for")
    func buffered() async throws {
        try await withTLS { port in
            let (client, server) = try await port.connection()
            try await onThread {
                // Both records are read at once, and the socket is empty then.
                try send([1, 2, 3, 4], over: client)
                try server.waitForInput(within: nil)
                #expect(try received(1, from: server) == [1])
                try server.waitForInput(within: .zero)
                #expect(try received(3, from: server) == [2, 3, 4])
                #expect(
                    linkFailure { () throws(LinkFailure) in try server.waitForInput(within: .zero) }
                        == .silent(.zero)
                )
            }
        }
    }

    @Test("closing lets go of who waits in another thread, on both sides")
    func closing() async throws {
        try await withTLS { port in
            for closesHere in [true, false] {
                let (client, server) = try await port.connection()
                async let first = onThread {
                    linkFailure { () throws(LinkFailure) in _ = try received(1, from: client) }
                }
                async let second = onThread {
                    linkFailure { () throws(LinkFailure) in
                        try server.waitForInput(within: nil)
                        _ = try received(1, from: server)
                    }
                }
                (closesHere ? client : server).close()
                #expect(await [first, second] == [.peerClosed, .peerClosed])
                #expect(
                    linkFailure { () throws(LinkFailure) in try send([1], over: closesHere ? client : server)
                    }
                        == .peerClosed
                )
            }
        }
    }
}
