import MantaCore
import MantaObjectStore
import MantaObjectTransfer
import MantaTestSupport
import Testing

@Suite struct StoreTransferTests {
    private static let chunk = BulkFormat.chunkByteCount

    /// Puts an object into `store`, and pins it.
    private func put(_ source: ArraySource, into store: ObjectStore) throws -> ObjectPin {
        let room = try #require(
            try store.reserve(
                source.id,
                owner: source.owner,
                byteCount: source.byteCount,
                lead: source.lead,
                holdsReferences: source.holdsReferences
            )
        )
        room.bytes.copyBytes(from: source.bytes)
        try room.seal()
        return try #require(try store.pin(source.id))
    }

    private func store(_ capacity: Int) throws -> ObjectStore {
        try ObjectStore.create(ObjectStore.Options(capacity: capacity), keeper: ProcessID(1))
    }

    @Test(
        "an object goes from store to store, to the same place behind a boundary",
        .timeLimit(.minutes(10)),
        arguments: [(1, 63), (0, 0), (100, 17), (3 * chunk + 5, 60)]
    )
    func storeToStore(byteCount: Int, lead: Int) async throws {
        let source = ArraySource(objectID(1), randomBytes(byteCount), lead: lead, holdsReferences: true)
        try await withExchange { exchange in
            let (first, second) = (try store(16 << 20), try store(16 << 20))
            let pin = try put(source, into: first)
            let server = try exchange.serve([PinnedSource(pin)])
            let object = IncomingObject<Reservation>(source.id) { head throws(ClusterError) in
                try second.reserve(
                    head.id,
                    owner: head.owner,
                    byteCount: head.byteCount,
                    lead: head.lead,
                    role: .copy,
                    holdsReferences: head.holdsReferences
                )
            }
            try await exchange.fetcher().fetch(object, from: server.endpoint)
            try #require(object.destination).seal()
            let copy = try #require(try second.pin(source.id))
            #expect(Array(copy.bytes) == source.bytes)
            #expect(copy.lead == lead && copy.holdsReferences && copy.role == .copy)
            #expect(copy.owner == source.owner)
            if byteCount > 0 { #expect(Int(bitPattern: copy.bytes.baseAddress) % 64 == lead) }
        }
    }

    @Test("a transfer that is given up leaves nothing in the store", .timeLimit(.minutes(10)))
    func givenUp() async throws {
        let source = ArraySource(objectID(1), randomBytes(3 * Self.chunk))
        try await withExchange { exchange in
            var options = BulkOptions()
            options.wrap = { FaultyStream($0, .close, afterSending: Self.chunk * 3 / 2) }
            let server = try exchange.serve([source], options)
            let store = try store(16 << 20)
            do {
                let object = IncomingObject<Reservation>(source.id) { head throws(ClusterError) in
                    try store.reserve(head.id, owner: head.owner, byteCount: head.byteCount, role: .copy)
                }
                _ = await transferError { () throws(TransferError) in
                    try await exchange.fetcher().fetch(object, from: server.endpoint)
                }
                #expect(try store.figures().usedByteCount > 0)
            }
            #expect(try store.figures().usedByteCount == 0)
        }
    }

    @Test("an object goes from the store to a file and back")
    func spilled() async throws {
        let source = ArraySource(objectID(1), randomBytes(2 * Self.chunk + 3), lead: 61)
        try await withTemporaryFolder { directory in
            let folder = try SpillFolder(in: directory, of: NodeID(5))
            let (first, second) = (try store(16 << 20), try store(16 << 20))
            let pin = try put(source, into: first)
            try folder.write(ObjectHead(of: PinnedSource(pin)), pin.bytes)
            let file = try folder.open(source.id)
            let room = try #require(
                try second.reserve(source.id, owner: file.owner, byteCount: file.byteCount, lead: file.lead)
            )
            try file.read(into: room.bytes)
            try room.seal()
            #expect(Array(try #require(try second.pin(source.id)).bytes) == source.bytes)
        }
    }
}
