import MantaCore
import MantaObjectTransfer
import MantaTestSupport
import MantaTransport
import Testing

@Suite struct TransferEndTests {
    private static let chunk = BulkFormat.chunkByteCount
    private let source = ArraySource(objectID(1), randomBytes(3 * chunk))

    /// A server that sends a chunk and a half, and then nothing.
    private func stallingServer(_ exchange: Exchange) throws -> BulkServer {
        var options = BulkOptions()
        options.wrap = { FaultyStream($0, .stall, afterSending: Self.chunk * 3 / 2) }
        return try exchange.serve([source], options)
    }

    private func patient(transferLimit: Int = 4) -> BulkOptions {
        var options = BulkOptions()
        options.timeout = .seconds(3_600)
        options.transferLimit = transferLimit
        return options
    }

    @Test("a cancelled transfer ends at once, and what has come can be used", .timeLimit(.minutes(5)))
    func cancel() async throws {
        try await withExchange { exchange in
            let server = try stallingServer(exchange)
            let whole = try exchange.serve([source])
            let fetcher = exchange.fetcher(patient())
            let object = incoming(source.id)
            let task = Task {
                await transferError { () throws(TransferError) in
                    try await fetcher.fetch(object, from: server.endpoint)
                }
            }
            try await eventually { object.receivedByteCount == Self.chunk }
            task.cancel()
            #expect(await task.value == .cancelled)
            try await fetcher.fetch(object, from: whole.endpoint)
            #expect(object.destination?.array == source.bytes)
        }
    }

    @Test("a transfer that waits for a thread can be cancelled", .timeLimit(.minutes(5)))
    func cancelWaiting() async throws {
        try await withExchange { exchange in
            let server = try stallingServer(exchange)
            let fetcher = exchange.fetcher(patient(transferLimit: 1))
            let tasks = (0..<3).map { _ in
                let object = incoming(source.id)
                let task = Task {
                    await transferError { () throws(TransferError) in
                        try await fetcher.fetch(object, from: server.endpoint)
                    }
                }
                return (object, task)
            }
            try await eventually { tasks.contains { $0.0.receivedByteCount == Self.chunk } }
            for (object, task) in tasks where object.receivedByteCount == 0 {
                task.cancel()
                #expect(await task.value == .cancelled)
            }
            for (_, task) in tasks {
                task.cancel()
                #expect(await task.value == .cancelled)
            }
        }
    }

    @Test("a task that was cancelled before it asked gets nothing", .timeLimit(.minutes(5)))
    func cancelledBefore() async throws {
        try await withExchange { exchange in
            let server = try exchange.serve([source])
            let fetcher = exchange.fetcher()
            let object = incoming(source.id)
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return await transferError { () throws(TransferError) in
                    try await fetcher.fetch(object, from: server.endpoint)
                }
            }
            #expect(await task.value == .cancelled)
            #expect(object.destination == nil)
        }
    }

    @Test("transfers cancelled at any time end by their bytes or as cancelled", .timeLimit(.minutes(5)))
    func cancelAtAnyTime() async throws {
        try await withExchange { exchange in
            let server = try exchange.serve([source])
            let fetcher = exchange.fetcher()
            for delay in 0..<60 {
                let object = incoming(source.id)
                let task = Task {
                    await transferError { () throws(TransferError) in
                        try await fetcher.fetch(object, from: server.endpoint)
                    }
                }
                for _ in 0..<delay * 5 { await Task.yield() }
                task.cancel()
                let error = await task.value
                #expect(error == nil || error == .cancelled)
                if error == nil { #expect(object.destination?.array == source.bytes) }
            }
        }
    }

    @Test("a server that stops ends its transfers, and takes its socket away", .timeLimit(.minutes(5)))
    func serverStops() async throws {
        try await withExchange { exchange in
            let server = try stallingServer(exchange)
            let fetcher = exchange.fetcher(patient())
            let object = incoming(source.id)
            let task = Task {
                await transferError { () throws(TransferError) in
                    try await fetcher.fetch(object, from: server.endpoint)
                }
            }
            try await eventually { object.receivedByteCount == Self.chunk }
            await server.stop()
            guard case .closed? = await task.value else { return #expect(await task.value == .closed("")) }
            #expect(names(in: exchange.folder) == [])
            let error = await transferError { () throws(TransferError) in
                try await fetcher.fetch(object, from: server.endpoint)
            }
            guard case .unreachable? = error else { return #expect(error == .unreachable("")) }
        }
    }

    @Test("who waits to be accepted by a server that stops is told", .timeLimit(.minutes(5)))
    func stopsBeforeAccepting() async throws {
        try await withExchange { exchange in
            var options = BulkOptions()
            options.connectionLimit = 1
            options.wrap = { FaultyStream($0, .stall, afterSending: Self.chunk * 3 / 2) }
            let server = try exchange.serve([source], options)
            let fetcher = exchange.fetcher(patient())
            let tasks = (0..<3).map { _ in
                let object = incoming(source.id)
                let task = Task {
                    await transferError { () throws(TransferError) in
                        try await fetcher.fetch(object, from: server.endpoint)
                    }
                }
                return (object, task)
            }
            try await eventually { tasks.contains { $0.0.receivedByteCount == Self.chunk } }
            await server.stop()
            for (_, task) in tasks {
                switch await task.value {
                // The latter when it had not connected yet.
                case .closed, .unreachable: break
                case let error: #expect(error == .closed(""))
                }
            }
        }
    }

    @Test(
        "a fetcher that stops cancels all its transfers, and those that come later",
        .timeLimit(.minutes(5))
    )
    func fetcherStops() async throws {
        try await withExchange { exchange in
            let server = try stallingServer(exchange)
            let fetcher = exchange.fetcher(patient(transferLimit: 2))
            let objects = (0..<5).map { _ in incoming(source.id) }
            let tasks = objects.map { object in
                Task {
                    await transferError { () throws(TransferError) in
                        try await fetcher.fetch(object, from: server.endpoint)
                    }
                }
            }
            try await eventually { objects.filter { $0.receivedByteCount > 0 }.count == 2 }
            await fetcher.stop()
            for task in tasks { #expect(await task.value == .cancelled) }
            let late = incoming(source.id)
            #expect(
                await transferError { () throws(TransferError) in
                    try await fetcher.fetch(late, from: server.endpoint)
                } == .cancelled
            )
        }
    }

    @Test("servers and fetchers that did nothing, or are stopped twice, stop too", .timeLimit(.minutes(5)))
    func stopsIdle() async throws {
        try await withExchange { exchange in
            let server = try exchange.serve([])
            await server.stop()
            await server.stop()
            let fetcher = exchange.fetcher()
            await fetcher.stop()
        }
    }
}
