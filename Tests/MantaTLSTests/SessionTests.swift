import CMantaShims
import Glibc
import MantaCore
import MantaTLS
import Testing

@Suite(.keepsLedger) struct SessionTests {
    @Test("two sides that know the secret talk, both ways")
    func talk() throws {
        let connection = try Connection()
        #expect(connection.client.send("ping".utf8) == 4)
        #expect(connection.server.receive(100).bytes == Array("ping".utf8))
        #expect(connection.server.send("pong".utf8) == 4)
        #expect(connection.client.receive(100).bytes == Array("pong".utf8))
        #expect(connection.client.receive(100).status == wouldBlock)
        #expect(connection.client.failure == nil)
        #expect(!connection.client.peerName.isEmpty)
    }

    @Test("a secret does not get too old, however long a process has run")
    func age() throws {
        let (clients, servers) = try oneSecret()
        clients.age(by: 1_000_000)
        servers.age(by: 1_000_000)
        let connection = try Connection(clients, servers)
        #expect(connection.client.send("ping".utf8) == 4)
    }

    private func oneSecret() throws -> (TLSContext, TLSContext) {
        let secret = ClusterSecret.generate()
        return (try TLSContext(.secret(secret)), try TLSContext(.secret(secret)))
    }

    @Test("before the handshake nothing is sent or received")
    func early() throws {
        let sockets = SocketPair()
        let context = try TLSContext(.secret(.generate()))
        let client = try context.client(over: sockets.first, host: nil)
        #expect(client.send([1]) == -Int(ENOTCONN))
        #expect(client.receive(1).status == -Int(ENOTCONN))
        #expect(!client.hasBuffered)
        client.close()
        #expect(receivePlain(from: sockets.second) == [])
        #expect(client.handshake().reason != nil)
    }

    @Test("the end of one side is the end of what the other receives")
    func goodbye() throws {
        let connection = try Connection()
        #expect(connection.client.send("last words".utf8) == 10)
        connection.client.close()
        #expect(connection.client.send("more".utf8) == -Int(EPIPE))
        #expect(connection.client.receive(10).status == 0)
        #expect(connection.server.receive(4).bytes == Array("last".utf8))
        #expect(connection.server.hasBuffered)
        #expect(connection.server.receive(100).bytes == Array(" words".utf8))
        #expect(connection.server.hasBuffered)
        #expect(connection.server.receive(100).status == 0)
        #expect(connection.server.receive(100).status == 0)
        #expect(connection.server.failure == nil)
    }

    @Test("a connection that ends without a goodbye ends what is received, and no bytes are made up")
    func truncation() throws {
        let context = try TLSContext(.secret(.generate()))
        let message = randomBytes(200)
        let whole = try Wire(context)
        #expect(whole.shakeHands() == (.done, .done))
        let before = whole.fromClient.count
        #expect(whole.client.send(message) == 200)
        whole.carry()
        for count in 0...(whole.fromClient.count - before) {
            let wire = try Wire(context)
            #expect(wire.shakeHands() == (.done, .done))
            let start = wire.fromClient.count
            wire.changeFromClient = { offset, bytes in Array(bytes.prefix(max(0, start + count - offset))) }
            #expect(wire.client.send(message) == 200)
            wire.carry()
            wire.cutServer()
            let (bytes, status) = wire.server.receive(1000)
            let isWhole = count == whole.fromClient.count - before
            #expect(bytes == (isWhole ? message : []))
            #expect(status == (isWhole ? 200 : 0))
            #expect(wire.server.receive(1000).status == 0)
        }
    }

    @Test("a peer that is gone is told by an error and not by a signal")
    func peerGone() throws {
        let connection = try Connection()
        manta_shutdown(connection.sockets.second)
        #expect(connection.client.send([1]) == -Int(EPIPE))
        #expect(connection.client.send([1]) == -Int(EPIPE))
        #expect(connection.client.failure == "the other side cut the connection")
        #expect(connection.client.receive(1).status == 0)
    }

    @Test("a bit of a record that changes on the way is noticed, wherever it is")
    func flips() throws {
        let context = try TLSContext(.secret(.generate()))
        let message = randomBytes(40)
        for index in 0..<(5 + 40 + 1 + 16) {
            let wire = try Wire(context)
            #expect(wire.shakeHands() == (.done, .done))
            let start = wire.fromClient.count
            wire.changeFromClient = { $1.flipping(bit: 8 * (start + index) + index % 8, offset: $0) }
            #expect(wire.client.send(message) == 40)
            wire.carry()
            let (bytes, status) = wire.server.receive(1000)
            #expect(bytes.isEmpty)
            // A longer length is waited for: the next record is part of it then.
            if status == wouldBlock {
                #expect(index == 3 || index == 4)
                continue
            }
            #expect(status == -Int(EPROTO), "byte \(index)")
            #expect(wire.server.failure != nil)
            #expect(wire.server.send([1]) < 0)
            // The other side learns it too.
            wire.carry()
            #expect(wire.client.receive(10).status == -Int(EPROTO))
            #expect(wire.client.failure != nil)
        }
    }

    @Test("records that are swapped, repeated, left out or put in are refused")
    func order() throws {
        let context = try TLSContext(.secret(.generate()))
        let changes: [([[UInt8]]) -> [[UInt8]]] = [
            { [$0[1], $0[0], $0[2]] }, { [$0[0], $0[0], $0[1], $0[2]] }, { [$0[1], $0[2]] }, { [$0[2]] },
            { [[23, 3, 3, 0, 20] + randomBytes(20)] + $0 }, { [[21, 3, 3, 0, 2, 1, 0]] + $0 },
        ]
        for change in changes {
            let wire = try Wire(context)
            #expect(wire.shakeHands() == (.done, .done))
            let start = wire.fromClient.count
            wire.changeFromClient = { _, _ in [] }
            for text in ["one", "two", "three"] {
                #expect(wire.client.send(text.utf8) == text.count)
                wire.carry()
            }
            let records = Array(wire.fromClient[start...]).records
            #expect(records.count == 3)
            for record in change(records) { wire.sendToServer(record) }
            var received: [UInt8] = []
            var status = 1
            while status > 0 {
                let result = wire.server.receive(100)
                received += result.bytes
                status = result.status
            }
            #expect(status == -Int(EPROTO))
            #expect(Array("onetwothree".utf8).starts(with: received))
            #expect(received.count < 11)
        }
    }

    @Test("a receiver takes many records at a time, and is told of what it left")
    func chunks() throws {
        let connection = try Connection()
        let message = randomBytes(100_000)
        #expect(connection.client.send(message) == 100_000)
        #expect(connection.server.receive(100_000).bytes == message)
        #expect(!connection.server.hasBuffered || connection.server.receive(1).status == wouldBlock)
        #expect(!connection.server.hasBuffered)

        // A socket that is empty, and bytes that are not.
        #expect(connection.client.send(message) == 100_000)
        var received: [UInt8] = []
        while received.count < 100_000 {
            received += connection.server.receive(999).bytes
            if received.count == message.count { break }
            try #require(connection.server.hasBuffered || waitUntilReadable(connection.sockets.second))
        }
        #expect(received == message)
        #expect(connection.server.receive(1).status == wouldBlock)
        #expect(!connection.server.hasBuffered)
    }

    @Test("a part of a record is not told as something to receive, more than once")
    func partOfRecord() throws {
        let wire = try Wire(TLSContext(.secret(.generate())))
        #expect(wire.shakeHands() == (.done, .done))
        let start = wire.fromClient.count
        wire.changeFromClient = { offset, bytes in Array(bytes.prefix(max(0, start + 150 - offset))) }
        #expect(wire.client.send(randomBytes(100)) == 100)
        #expect(wire.client.send(randomBytes(100)) == 100)
        wire.carry()
        #expect(wire.server.receive(100).status == 100)
        if wire.server.hasBuffered { #expect(wire.server.receive(100).status == wouldBlock) }
        #expect(!wire.server.hasBuffered)
    }

    @Test("what comes with the end of the handshake is told")
    func withHandshake() throws {
        let wire = try Wire(TLSContext(.secret(.generate())))
        #expect(wire.client.handshake() == .wantsRead)
        wire.carry()
        #expect(wire.server.handshake() == .wantsRead)
        wire.carry()
        #expect(wire.client.handshake() == .done)
        #expect(wire.client.send("at once".utf8) == 7)
        wire.carry()
        #expect(wire.server.handshake() == .done)
        #expect(wire.server.hasBuffered)
        #expect(wire.server.receive(100).bytes == Array("at once".utf8))
        #expect(!wire.server.hasBuffered)
    }

    @Test("messages of all sizes arrive as they were sent")
    func sizes() throws {
        let connection = try Connection()
        let bytes = randomBytes(70_000)
        var sizes =
            Array(0...300) + [1023, 1024, 4096, 16_383, 16_384, 16_385, 32_768, 65_535, 65_536, 70_000]
        var random = SplitMix64(seed: 7)
        sizes += (0..<100).map { _ in Int.random(in: 0...70_000, using: &random) }
        for size in sizes {
            let message = bytes[..<size]
            #expect(connection.client.send(message) == size)
            var received: [UInt8] = []
            while received.count < size {
                let result = connection.server.receive(80_000)
                try #require(result.status > 0)
                received += result.bytes
            }
            #expect(received.elementsEqual(message), "\(size) bytes")
        }
        #expect(connection.server.receive(10).status == wouldBlock)
    }

    @Test(
        "a sender that is told to wait may come back with the bytes at another place, and with more or fewer of them"
    )
    func movingBuffer() throws {
        let connection = try Connection()
        let message = randomBytes(3 << 20)
        var sent = 0
        var received: [UInt8] = []
        var random = SplitMix64(seed: 3)
        while received.count < message.count {
            while sent < message.count {
                let size = Int.random(in: 1...300_000, using: &random)
                let copy = Array(message[sent..<min(message.count, sent + size)])
                let status = connection.client.send(copy)
                if status == wouldBlock { break }
                try #require(status > 0 && status <= copy.count)
                sent += status
            }
            let result = connection.server.receive(Int.random(in: 1...100_000, using: &random))
            try #require(result.status > 0 || result.status == wouldBlock)
            received += result.bytes
        }
        #expect(received == message)
    }

    @Test("keys are renewed on the way, and nobody notices")
    func newKeys() throws {
        let connection = try Connection()
        connection.client.renewKeys(afterRecords: 3)
        connection.server.renewKeys(afterRecords: 5)
        let message = randomBytes(60_000)
        for _ in 0..<20 {
            #expect(connection.client.send(message) == message.count)
            #expect(connection.server.send(message) == message.count)
            #expect(connection.server.receive(message.count).bytes == message)
            #expect(connection.client.receive(message.count).bytes == message)
        }
    }
}
