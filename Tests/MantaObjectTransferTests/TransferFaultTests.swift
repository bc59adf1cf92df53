import CMantaShims
import Glibc
import MantaCore
import MantaObjectTransfer
import MantaTestSupport
import MantaTransport
import Testing

@Suite struct TransferFaultTests {
    private static let chunk = BulkFormat.chunkByteCount
    private let source = ArraySource(objectID(1), randomBytes(3 * chunk + 99))

    /// Fetches `source` from `endpoint` and returns the error.
    private func fetch(
        _ object: IncomingObject<Memory>,
        from endpoint: Endpoint,
        by fetcher: BulkFetcher
    ) async -> TransferError? {
        await transferError { () throws(TransferError) in try await fetcher.fetch(object, from: endpoint) }
    }

    @Test("a flipped bit is found, and what came before it is kept", .timeLimit(.minutes(5)))
    func corrupt() async throws {
        try await withExchange { exchange in
            // Behind the hello, the answer, the first chunk, and the head of the second.
            let start = BulkHello.byteCount + BulkAnswer.byteCount + 2 * ChunkHead.byteCount + Self.chunk
            for offset in [0, 1, Self.chunk / 2, Self.chunk - 1] {
                var options = BulkOptions()
                options.wrap = { FaultyStream($0, .flip, afterSending: start + offset) }
                let server = try exchange.serve([source], options)
                let object = incoming(source.id)
                #expect(
                    await fetch(object, from: server.endpoint, by: exchange.fetcher()) == .corrupt(chunk: 1)
                )
                #expect(object.receivedByteCount == Self.chunk)
            }
        }
    }

    @Test("a flipped bit in a compressed chunk is found", .timeLimit(.minutes(5)))
    func corruptCompressed() async throws {
        let zeros = [UInt8](repeating: 0, count: Self.chunk)
        let object = ArraySource(objectID(1), zeros)
        var room = [UInt8](repeating: 0, count: Self.chunk)
        let block = zeros.withUnsafeBytes { zeros in
            room.withUnsafeMutableBytes { LZ4.compress(zeros, into: $0).map { Array($0) } }
        }
        let compressed = try #require(block)
        let head = ChunkHead(
            index: 0,
            kind: .lz4,
            byteCount: zeros.count,
            wireByteCount: compressed.count,
            checksum: zeros.withUnsafeBytes { crc32c($0) }
        )
        let start = opening(object) + stored(ChunkHead.byteCount) { head.store(in: $0) }
        for bit in [nil, 0, 13, compressed.count * 4, compressed.count * 8 - 1] {
            try await withExchange { exchange in
                let sent = bit.map { altered(compressed, $0 / 8, 1 << UInt8($0 % 8)) } ?? compressed
                let fake = try FakeSource(folder: exchange.folder, saying: start + sent)
                let arriving = incoming(object.id)
                let error = await fetch(arriving, from: fake.endpoint, by: exchange.fetcher())
                #expect(error == (bit == nil ? nil : .corrupt(chunk: 0)))
                if bit == nil { #expect(arriving.destination?.array == zeros) }
            }
        }
    }

    @Test("a source whose process is killed in the middle is noticed at once", .timeLimit(.minutes(5)))
    func killed() async throws {
        try await withExchange { exchange in
            let said = "\(exchange.folder)/said"
            let bytes = opening(source) + plainChunk(0, of: source) + plainChunk(1, of: source).prefix(5_000)
            try write(bytes, to: said)
            let process = Shared<Int32>(-1)
            let fake = try FakeSource(folder: exchange.folder) { socket in
                _ = manta_bulk_socket(socket, 0, 0)
                process.change { $0 = spawnShell("cat '\(said)' >&3; sleep 1000", control: socket) }
                _ = manta_close(socket)
            }
            let object = incoming(source.id)
            let fetcher = exchange.fetcher()
            async let error = fetch(object, from: fake.endpoint, by: fetcher)
            try await eventually { object.receivedByteCount == Self.chunk }
            try killAndReap(process.value)
            guard case .closed? = await error else { return #expect(await error == .closed("")) }
            #expect(object.receivedByteCount == Self.chunk)
            #expect(object.destination?.array.starts(with: source.bytes[..<Self.chunk]) == true)
        }
    }

    @Test("a source that stops sending is given up after the timeout", .timeLimit(.minutes(5)))
    func stalled() async throws {
        try await withExchange { exchange in
            var options = BulkOptions()
            options.wrap = { FaultyStream($0, .stall, afterSending: Self.chunk + 500) }
            let server = try exchange.serve([source], options)
            var impatient = BulkOptions()
            impatient.timeout = .milliseconds(50)
            let object = incoming(source.id)
            let error = await fetch(object, from: server.endpoint, by: exchange.fetcher(impatient))
            #expect(error == .stalled(.milliseconds(50)))
            #expect(object.receivedByteCount == Self.chunk)
        }
    }

    @Test("a source that does not even greet is given up when the patience is over", .timeLimit(.minutes(5)))
    func silent() async throws {
        try await withExchange { exchange in
            let fake = try FakeSource(folder: exchange.folder, saying: [])
            var impatient = BulkOptions()
            impatient.patience = .milliseconds(50)
            let error = await fetch(incoming(source.id), from: fake.endpoint, by: exchange.fetcher(impatient))
            #expect(error == .stalled(.milliseconds(50)))
        }
    }

    @Test("a source that fails in the middle says why, and what came before is kept", .timeLimit(.minutes(5)))
    func sourceFails() async throws {
        let damaged = ArraySource(objectID(1), source.bytes, failsAt: 2 * Self.chunk + 1)
        try await withExchange { exchange in
            let server = try exchange.serve([damaged])
            let whole = try exchange.serve([source])
            let object = incoming(source.id)
            let fetcher = exchange.fetcher()
            guard case .refused(let reason)? = await fetch(object, from: server.endpoint, by: fetcher) else {
                return #expect(Bool(false), "the transfer did not fail")
            }
            #expect(reason.contains("byte \(2 * Self.chunk + 1) is damaged"))
            #expect(object.receivedByteCount == 2 * Self.chunk)
            try await fetcher.fetch(object, from: whole.endpoint)
            #expect(object.destination?.array == source.bytes)
        }
    }

    @Test(
        "an object that was evicted meanwhile is not found, and comes from elsewhere",
        .timeLimit(.minutes(5))
    )
    func evicted() async throws {
        try await withExchange { exchange in
            let isHere = Shared(true)
            let server = try exchange.serve { [source] id in isHere.value && id == source.id ? source : nil }
            let fetcher = exchange.fetcher()
            try await fetcher.fetch(incoming(source.id), from: server.endpoint)
            isHere.change { $0 = false }
            let object = incoming(source.id)
            #expect(await fetch(object, from: server.endpoint, by: fetcher) == .notFound)
            let other = try exchange.serve([source])
            try await fetcher.fetch(object, from: other.endpoint)
            #expect(object.destination?.array == source.bytes)
        }
    }

    @Test("nobody at the endpoint is no word of the object", .timeLimit(.minutes(5)))
    func nobody() async throws {
        try await withExchange { exchange in
            let endpoint = Endpoint.unix(path: "\(exchange.folder)/nobody")
            let error = await fetch(incoming(source.id), from: endpoint, by: exchange.fetcher())
            guard case .unreachable? = error else { return #expect(error == .unreachable("")) }
            #expect(error?.isOfWay == true)
        }
    }

    @Test("a source of another version is refused, with both versions", .timeLimit(.minutes(5)))
    func otherVersion() async throws {
        try await withExchange { exchange in
            var hello = BulkHello()
            (hello.oldestVersion, hello.version) = (900, 901)
            let fake = try FakeSource(
                folder: exchange.folder,
                saying: stored(BulkHello.byteCount) { hello.store(in: $0) }
            )
            let error = await fetch(incoming(source.id), from: fake.endpoint, by: exchange.fetcher())
            guard case .refused(let reason)? = error else { return #expect(error == .refused("")) }
            #expect(reason.contains("900 to 901") && reason.contains("1 to 1"))
        }
    }

    @Test(
        "a huge length is not believed without its checksum, and needs a place with it",
        .timeLimit(.minutes(5))
    )
    func hugeLength() async throws {
        let full = ClusterError(.storeFull, "no room")
        for isSound in [true, false] {
            try await withExchange { exchange in
                let hello = stored(BulkHello.byteCount) { BulkHello().store(in: $0) }
                let head = ObjectHead(
                    id: source.id,
                    byteCount: .max,
                    lead: 0,
                    owner: ProcessID(1),
                    holdsReferences: false
                )
                let answer = stored(BulkAnswer.byteCount) {
                    BulkAnswer.found(head).store(in: $0, answering: BulkRequest(source.id))
                }
                let fake = try FakeSource(
                    folder: exchange.folder,
                    saying: hello + (isSound ? answer : altered(answer, 14, 1))
                )
                let asked = Shared<[Int]>([])
                let object = IncomingObject<Memory>(source.id) { head throws(ClusterError) in
                    asked.change { $0.append(head.byteCount) }
                    throw full
                }
                let error = await fetch(object, from: fake.endpoint, by: exchange.fetcher())
                if isSound {
                    #expect(error == .noPlace(full) && asked.value == [.max])
                } else {
                    guard case .malformed? = error else { return #expect(error == .malformed("")) }
                    #expect(asked.value == [])
                }
            }
        }
    }

    @Test(
        "whatever a source says, a transfer ends with an error and no wrong byte counts",
        .timeLimit(.minutes(5))
    )
    func garbage() async throws {
        var random = SeededRandom(seed: 21)
        let sound = opening(source) + plainChunk(0, of: source) + plainChunk(1, of: source)
        for round in 0..<60 {
            var said = sound
            switch round % 4 {
            case 0: said = random.bytes(Int.random(in: 0..<200, using: &random))
            case 1: said.removeLast(Int.random(in: 1..<said.count, using: &random))
            case 2:
                // In a head: those are where the trouble is.
                let heads =
                    Array(0..<BulkHello.byteCount + BulkAnswer.byteCount + ChunkHead.byteCount)
                said[heads[Int(random.next() % UInt64(heads.count))]] ^= UInt8.random(
                    in: 1...255,
                    using: &random
                )
            default:
                said[Int(random.next() % UInt64(said.count))] ^= UInt8.random(in: 1...255, using: &random)
            }
            try await withExchange { exchange in
                let fake = try FakeSource(folder: exchange.folder, saying: said, thenCloses: true)
                let object = incoming(source.id)
                let error = await fetch(object, from: fake.endpoint, by: exchange.fetcher())
                #expect(error != nil)
                let received = object.receivedByteCount
                if received > 0 {
                    #expect(object.destination?.array.starts(with: source.bytes[..<received]) == true)
                }
            }
        }
    }
}

/// A shell that has `control` as its descriptor 3; its process id.
private func spawnShell(_ script: String, control: Int32) -> Int32 {
    let arguments = ["/bin/sh", "-c", script].map { (argument: String) in strdup(argument) }
    defer { for argument in arguments { free(argument) } }
    let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
    defer { close(null) }
    var environment: [UnsafeMutablePointer<CChar>?] = [nil]
    var list = arguments + [nil]
    return manta_spawn("/bin/sh", &list, &environment, control, null, null, 1)
}

/// Kills a process and those that it has started.
private func killAndReap(_ process: Int32) throws {
    try #require(process > 0)
    kill(-process, SIGKILL)
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
}
