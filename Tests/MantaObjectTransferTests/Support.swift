import Glibc
import MantaCore
import MantaObjectTransfer
import MantaTestSupport
import MantaTransport
import Synchronization
import Testing

/// Memory of the heap to receive into.
// Written by one transfer at a time, and read after it.
final class Memory: BulkDestination, @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer

    init(byteCount: Int) { bytes = .allocate(byteCount: byteCount, alignment: 64) }
    deinit { bytes.deallocate() }

    var array: [UInt8] { Array(bytes) }
}

extension IncomingObject {
    /// Whether all of it is here.
    var isComplete: Bool { head?.byteCount == receivedByteCount }
}

/// An object in an array, and how often a piece of it was read.
final class ArraySource: BulkSource {
    let id: ObjectID
    let bytes: [UInt8]
    let lead: Int
    let owner: ProcessID
    let holdsReferences: Bool
    private let failsAt: Int?
    private let reads = Atomic<Int>(0)

    init(
        _ id: ObjectID,
        _ bytes: [UInt8],
        lead: Int = 0,
        owner: ProcessID = ProcessID(7),
        holdsReferences: Bool = false,
        failsAt: Int? = nil
    ) {
        self.id = id
        self.bytes = bytes
        self.lead = lead
        self.owner = owner
        self.holdsReferences = holdsReferences
        self.failsAt = failsAt
    }

    var byteCount: Int { bytes.count }
    var readCount: Int { reads.load(ordering: .relaxed) }

    func withBytes<Result>(
        in range: Range<Int>,
        scratch: BulkScratch,
        _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(ClusterError) -> Result {
        if let failsAt, range.contains(failsAt) {
            throw ClusterError(.objectLost, "byte \(failsAt) is damaged")
        }
        reads.wrappingAdd(1, ordering: .relaxed)
        return bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }
}

func objectID(_ serial: UInt64) -> ObjectID { ObjectID(creator: ProcessID(7), serial: serial) }

/// The same bytes for the same seed, of which nothing compresses.
func randomBytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var random = SeededRandom(seed: seed)
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        var index = 0
        while index + 8 <= count {
            UnsafeMutableRawBufferPointer(buffer).storeBytes(
                of: random.next(),
                toByteOffset: index,
                as: UInt64.self
            )
            index += 8
        }
        for rest in index..<count { buffer[rest] = UInt8(truncatingIfNeeded: random.next()) }
        initialized = count
    }
}

/// Words in random order: LZ4 takes a half of it, at hundreds of megabytes per second.
func text(_ count: Int) -> [UInt8] {
    var random = SeededRandom(seed: 2)
    let words = (0..<4096).map { _ in
        (0..<Int.random(in: 2..<10, using: &random)).map { _ in UInt8.random(in: 97..<123, using: &random) }
            + [32]
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 10)
    while bytes.count < count { bytes += words[Int(random.next() % 4096)] }
    return Array(bytes[..<count])
}

/// An object on its way into memory of the heap.
func incoming(_ id: ObjectID) -> IncomingObject<Memory> {
    IncomingObject(id) { head throws(ClusterError) in Memory(byteCount: head.byteCount) }
}

/// What `body` throws.
func transferError(of body: () async throws(TransferError) -> Void) async -> TransferError? {
    do {
        try await body()
        return nil
    } catch {
        return error
    }
}

/// Servers and fetchers of one test, which all end with it.
final class Exchange: Sendable {
    let folder: String
    private let servers = Mutex<[BulkServer]>([])
    private let fetchers = Mutex<[BulkFetcher]>([])

    init(folder: String) { self.folder = folder }

    func serve(
        _ sources: [any BulkSource],
        _ options: BulkOptions = BulkOptions()
    ) throws -> BulkServer {
        let byID = Dictionary(uniqueKeysWithValues: sources.map { ($0.id, $0) })
        return try serve(options) { byID[$0] }
    }

    func serve(
        _ options: BulkOptions = BulkOptions(),
        open: @escaping @Sendable (ObjectID) -> (any BulkSource)?
    ) throws -> BulkServer {
        let count = servers.withLock { $0.count }
        let server = try BulkServer(
            at: .unix(path: "\(folder)/bulk-\(count)"),
            options: options,
            open: open
        )
        server.start()
        servers.withLock { $0.append(server) }
        return server
    }

    func fetcher(_ options: BulkOptions = BulkOptions()) -> BulkFetcher {
        let fetcher = BulkFetcher(options: options)
        fetchers.withLock { $0.append(fetcher) }
        return fetcher
    }

    func stop() async {
        for fetcher in fetchers.withLock({ $0 }) { await fetcher.stop() }
        for server in servers.withLock({ $0 }) { await server.stop() }
    }
}

/// Runs `body` with a folder for sockets, and sees that no thread or descriptor is left.
func withExchange(_ body: (Exchange) async throws -> Void) async throws {
    try await withLedger {
        try await withTemporaryFolder { folder in
            let exchange = Exchange(folder: folder)
            do {
                try await body(exchange)
            } catch {
                await exchange.stop()
                throw error
            }
            await exchange.stop()
        }
    }
}

/// A folder of mode 0700 that is removed with all in it after `body`.
func withTemporaryFolder<R>(_ body: (String) async throws -> R) async throws -> R {
    var template = Array("/tmp/manta-test-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { removeTree(path) }
    return try await body(path)
}

func removeTree(_ path: String) {
    for name in names(in: path) {
        let child = "\(path)/\(name)"
        if unlink(child) != 0 { removeTree(child) }
    }
    rmdir(path)
}

/// The files and folders in a folder, in order.
func names(in path: String) -> [String] { FolderEntries.names(in: path).sorted() }
