import CMantaShims
import Dispatch
import Foundation
import Glibc
import MantaCore
import MantaTLS
import Testing

/// Many bytes, many threads.
@Suite(.keepsLedger, .timeLimit(.minutes(5))) struct LoadTests {
    @Test("100 MB pass through sockets that do not block")
    func manyBytes() async throws {
        let connection = try Connection()
        let byteCount = 100_000_000
        async let sent = onThread { send(byteCount, over: connection.client, connection.sockets.first) }
        async let received = onThread {
            receive(byteCount, over: connection.server, connection.sockets.second)
        }
        #expect(await sent)
        #expect(await received)
    }

    @Test("both sides send at once, each from one thread while another receives, and both are full at times")
    func bothWays() async throws {
        let connection = try Connection()
        let byteCount = 20_000_000
        async let first = onThread { send(byteCount, over: connection.client, connection.sockets.first) }
        async let second = onThread { send(byteCount, over: connection.server, connection.sockets.second) }
        async let third = onThread { receive(byteCount, over: connection.client, connection.sockets.first) }
        async let fourth = onThread { receive(byteCount, over: connection.server, connection.sockets.second) }
        #expect(await [first, second, third, fourth] == [true, true, true, true])
    }

    @Test("both sides send until the sockets are full before either receives")
    func bothFull() throws {
        let connection = try Connection()
        let bytes = randomBytes(1 << 20)
        var sent = (0, 0)
        // A receiver that finds nothing is not in the way of a sender that has to wait.
        while true {
            let status = connection.client.send(bytes[sent.0...])
            if status == wouldBlock { break }
            try #require(status > 0)
            sent.0 += status
        }
        #expect(connection.client.receive(10).status == wouldBlock)
        while true {
            let status = connection.server.send(bytes[sent.1...])
            if status == wouldBlock { break }
            try #require(status > 0)
            sent.1 += status
        }
        #expect(sent.0 > 0 && sent.1 > 0)
        var received: ([UInt8], [UInt8]) = ([], [])
        while received.0.count < bytes.count || received.1.count < bytes.count {
            received.0 += connection.server.receive(100_000).bytes
            received.1 += connection.client.receive(100_000).bytes
            if sent.0 < bytes.count { sent.0 += max(0, connection.client.send(bytes[sent.0...])) }
            if sent.1 < bytes.count { sent.1 += max(0, connection.server.send(bytes[sent.1...])) }
        }
        #expect(received == (bytes, bytes))
    }

    @Test("sessions that are closed while others use them end for these")
    func closing() async throws {
        for round in 0..<20 {
            let connection = try Connection()
            async let first = onThread { sendUntilEnd(over: connection.client, connection.sockets.first) }
            async let second = onThread {
                receiveUntilEnd(over: connection.server, connection.sockets.second)
            }
            async let third = onThread { receiveUntilEnd(over: connection.client, connection.sockets.first) }
            async let fourth = onThread {
                // Sooner or later, by what the others are at.
                for _ in 0..<(round * 1000) { _ = connection.client.hasBuffered }
                (round.isMultiple(of: 2) ? connection.client : connection.server).close()
                manta_shutdown(connection.sockets.first)
                return true
            }
            #expect(await [first, second, third, fourth] == [true, true, true, true])
        }
    }

    @Test("many sessions of one context are made at once, from many threads")
    func manySessions() async throws {
        let context = try TLSContext(.secret(.generate()))
        let stranger = try TLSContext(.secret(.generate()))
        let done = await withTaskGroup(of: Int.self) { group in
            for index in 0..<4 {
                group.addTask {
                    await onThread {
                        (0..<50).count { round in
                            let isFriend = (round + index).isMultiple(of: 2)
                            let connection = try? Connection(
                                isFriend ? context : stranger,
                                context,
                                check: false
                            )
                            guard let connection else { return false }
                            let works =
                                connection.client.send([1]) == 1 && connection.server.receive(1).status == 1
                            return works == isFriend
                        }
                    }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(done == 200)
    }

    @Test("sessions and contexts leave no descriptor behind")
    func descriptors() throws {
        let authority = try TestAuthority()
        let identity = try authority.issue("a")
        for _ in 0..<5 {
            let secret = try TLSContext(.secret(.generate()))
            let certificates = try TLSContext(identity)
            for (clients, servers) in [
                (secret, secret), (certificates, certificates), (secret, certificates),
            ] {
                let connection = try Connection(clients, servers, check: false)
                _ = connection.client.send(randomBytes(100_000))
                _ = connection.server.receive(50_000)
                // Whoever had a copy of the socket would keep the connection.
                let other = dup(connection.sockets.second)
                try #require(other >= 0)
                defer { close(other) }
                connection.sockets.close()
                while let bytes = receivePlain(from: other) { try #require(!bytes.isEmpty) }
            }
        }
        #expect(openFiles().allSatisfy { !$0.hasPrefix(authority.folder) })
    }
}

/// What the descriptors of this process stand for.
private func openFiles() -> [String] {
    let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    return numbers.compactMap {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
    }
}

/// Sends as many bytes as were agreed, all alike in groups that differ.
private func send(_ byteCount: Int, over session: TLSSession, _ socket: Int32) -> Bool {
    let bytes = pattern
    var sent = 0
    while sent < byteCount {
        let start = sent % patternByteCount
        let count = min(1 << 20, byteCount - sent)
        let status = bytes.withUnsafeBytes { session.send($0.baseAddress?.advanced(by: start), count) }
        if status > 0 {
            sent += status
        } else if status != wouldBlock || !waitUntilWritable(socket) {
            return false
        }
    }
    return true
}

private func receive(_ byteCount: Int, over session: TLSSession, _ socket: Int32) -> Bool {
    let bytes = pattern
    var buffer = [UInt8](repeating: 0, count: 256 << 10)
    var received = 0
    while received < byteCount {
        let status = buffer.withUnsafeMutableBytes { session.receive($0.baseAddress, $0.count) }
        if status == wouldBlock, waitUntilReadable(socket) { continue }
        guard status > 0 else { return false }
        let start = received % patternByteCount
        let isSame = bytes.withUnsafeBytes { expected in
            buffer.withUnsafeBytes { came in
                guard let first = came.baseAddress, let second = expected.baseAddress else { return false }
                return memcmp(first, second + start, status) == 0
            }
        }
        guard isSame else { return false }
        received += status
    }
    return received == byteCount
}

/// A prime, so that no record begins where another did. What is sent at a time fits behind it.
private let patternByteCount = 65_521
private let pattern: [UInt8] = {
    let bytes = randomBytes(patternByteCount)
    return Array((0...((1 << 20) / patternByteCount + 1)).map { _ in bytes }.joined())
}()

private func sendUntilEnd(over session: TLSSession, _ socket: Int32) -> Bool {
    let bytes = randomBytes(100_000)
    while true {
        let status = session.send(bytes)
        if status == wouldBlock {
            guard waitUntilWritable(socket) else { return false }
        } else if status < 0 {
            return true
        }
    }
}

private func receiveUntilEnd(over session: TLSSession, _ socket: Int32) -> Bool {
    while true {
        let status = session.receive(100_000).status
        if status == wouldBlock {
            guard waitUntilReadable(socket) else { return false }
        } else if status <= 0 {
            return true
        }
    }
}

/// Runs on a thread of its own, which may wait.
private func onThread<R: Sendable>(_ body: @escaping @Sendable () -> R) async -> R {
    await withCheckedContinuation { continuation in
        DispatchQueue(label: "test").async { continuation.resume(returning: body()) }
    }
}
