import MantaCore
import MantaObjectTransfer
import MantaTestSupport
import Testing

@Suite struct TransferTests {
    private static let chunk = BulkFormat.chunkByteCount

    @Test(
        "an object arrives with every byte and all that is known of it",
        .timeLimit(.minutes(5)),
        arguments: [0, 1, 4_095, chunk - 1, chunk, chunk + 1, 5 * chunk + 12_345]
    )
    func arrives(byteCount: Int) async throws {
        let source = ArraySource(
            objectID(1),
            randomBytes(byteCount),
            lead: 63,
            owner: ProcessID(99),
            holdsReferences: true
        )
        try await withExchange { exchange in
            let server = try exchange.serve([source])
            let object = incoming(source.id)
            try await exchange.fetcher().fetch(object, from: server.endpoint)
            #expect(object.head == ObjectHead(of: source))
            #expect(object.isComplete)
            #expect(object.destination?.array == source.bytes)
        }
    }

    @Test("an object that the source does not have is not found", .timeLimit(.minutes(5)))
    func notFound() async throws {
        try await withExchange { exchange in
            let server = try exchange.serve([])
            let fetcher = exchange.fetcher()
            let object = incoming(objectID(5))
            let error = await transferError { () throws(TransferError) in
                try await fetcher.fetch(object, from: server.endpoint)
            }
            #expect(error == .notFound)
            #expect(object.destination == nil)
        }
    }

    @Test("one connection serves transfers one after another", .timeLimit(.minutes(5)))
    func oneConnection() async throws {
        let sources = (1...20).map { ArraySource(objectID($0), randomBytes(10_000 * Int($0), seed: $0)) }
        try await withExchange { exchange in
            let server = try exchange.serve(sources)
            let fetcher = exchange.fetcher()
            for source in sources {
                let object = incoming(source.id)
                try await fetcher.fetch(object, from: server.endpoint)
                #expect(object.destination?.array == source.bytes)
                let missing = incoming(objectID(1_000))
                let error = await transferError { () throws(TransferError) in
                    try await fetcher.fetch(missing, from: server.endpoint)
                }
                #expect(error == .notFound)
            }
            #expect(server.figures.mostConnectionCount == 1)
        }
    }

    @Test("many transfers at once, more than there are threads, all end well", .timeLimit(.minutes(5)))
    func concurrent() async throws {
        let sources = (1...40).map { ArraySource(objectID($0), randomBytes(200_000 + Int($0), seed: $0)) }
        try await withExchange { exchange in
            let servers = try (0..<3).map { _ in try exchange.serve(sources) }
            let fetcher = exchange.fetcher()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, source) in sources.enumerated() {
                    group.addTask {
                        let object = incoming(source.id)
                        try await fetcher.fetch(object, from: servers[index % 3].endpoint)
                        #expect(object.destination?.array == source.bytes)
                    }
                }
                try await group.waitForAll()
            }
            try await eventually { servers.map(\.figures.objectCount).reduce(0, +) == 40 }
        }
    }

    @Test("more fetchers than the server has places take turns", .timeLimit(.minutes(5)))
    func takesTurns() async throws {
        let source = ArraySource(objectID(1), randomBytes(3_000_000))
        var options = BulkOptions()
        options.connectionLimit = 2
        try await withExchange { exchange in
            let server = try exchange.serve([source], options)
            // Each keeps its connection for later, so a server with two places has to close those that do nothing.
            let fetchers = (0..<6).map { _ in exchange.fetcher() }
            for _ in 0..<3 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for fetcher in fetchers {
                        group.addTask {
                            let object = incoming(source.id)
                            try await fetcher.fetch(object, from: server.endpoint)
                            #expect(object.destination?.array == source.bytes)
                        }
                    }
                    try await group.waitForAll()
                }
            }
            #expect(server.figures.mostConnectionCount == 2)
        }
    }

    @Test(
        "a transfer that breaks off goes on from another source, without what has come",
        .timeLimit(.minutes(5))
    )
    func resumes() async throws {
        let first = ArraySource(objectID(1), randomBytes(6 * Self.chunk + 77), lead: 16)
        // Made before the object was handed to another owner.
        let second = ArraySource(objectID(1), first.bytes, lead: 16, owner: ProcessID(55))
        try await withExchange { exchange in
            var breaking = BulkOptions()
            breaking.wrap = { FaultyStream($0, .close, afterSending: 3 * Self.chunk + 5_000) }
            let broken = try exchange.serve([first], breaking)
            let whole = try exchange.serve([second])
            let fetcher = exchange.fetcher()
            let object = incoming(first.id)
            let error = await transferError { () throws(TransferError) in
                try await fetcher.fetch(object, from: broken.endpoint)
            }
            guard case .closed = error else { return #expect(error == .closed("")) }
            #expect(object.receivedByteCount == 3 * Self.chunk)
            #expect(!object.isComplete)
            try await fetcher.fetch(object, from: whole.endpoint)
            #expect(object.destination?.array == first.bytes)
            #expect(second.readCount == 4)
        }
    }

    @Test("what differs from what has come is another object", .timeLimit(.minutes(5)), arguments: [0, 1, 2])
    func wrongObject(difference: Int) async throws {
        let first = ArraySource(objectID(1), randomBytes(3 * Self.chunk), lead: 16)
        let second = ArraySource(
            objectID(1),
            randomBytes(3 * Self.chunk + (difference == 0 ? 1 : 0)),
            lead: difference == 1 ? 17 : 16,
            holdsReferences: difference == 2
        )
        try await withExchange { exchange in
            var breaking = BulkOptions()
            breaking.wrap = { FaultyStream($0, .close, afterSending: Self.chunk + 5_000) }
            let broken = try exchange.serve([first], breaking)
            let other = try exchange.serve([second])
            let fetcher = exchange.fetcher()
            let object = incoming(first.id)
            _ = await transferError { () throws(TransferError) in
                try await fetcher.fetch(object, from: broken.endpoint)
            }
            let error = await transferError { () throws(TransferError) in
                try await fetcher.fetch(object, from: other.endpoint)
            }
            guard case .wrongObject = error else { return #expect(error == .wrongObject("")) }
            #expect(object.receivedByteCount == Self.chunk)
        }
    }

    @Test("an object that is not wanted, or has no place, is not received", .timeLimit(.minutes(5)))
    func noPlace() async throws {
        let source = ArraySource(objectID(1), randomBytes(9 * Self.chunk))
        let full = ClusterError(.storeFull, "no room")
        try await withExchange { exchange in
            let server = try exchange.serve([source])
            let fetcher = exchange.fetcher()
            let unwanted = IncomingObject<Memory>(source.id) { _ throws(ClusterError) in nil }
            let unplaced = IncomingObject<Memory>(source.id) { _ throws(ClusterError) in throw full }
            #expect(
                await transferError { () throws(TransferError) in
                    try await fetcher.fetch(unwanted, from: server.endpoint)
                } == .notWanted
            )
            #expect(
                await transferError { () throws(TransferError) in
                    try await fetcher.fetch(unplaced, from: server.endpoint)
                } == .noPlace(full)
            )
            let object = incoming(source.id)
            try await fetcher.fetch(object, from: server.endpoint)
            #expect(object.isComplete)
        }
    }
}
