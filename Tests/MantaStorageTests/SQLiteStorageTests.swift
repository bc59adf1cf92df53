import Foundation
import MantaCore
import MantaGCS
import MantaStorage
import Testing

private func entry(_ kind: StoredEntry.Kind, _ id: UInt64, _ value: [UInt8]?) -> StoredEntry {
    StoredEntry(StoredEntry.Key(kind, id), value)
}

@Suite("A directory in SQLite")
struct SQLiteStorageTests {
    private let folder: Folder

    init() throws { folder = try Folder() }

    private func open() throws -> SQLiteStorage { try SQLiteStorage(in: folder.path) }

    /// What a head leaves behind that ends in order.
    private func leave(_ entries: StoredEntry...) async throws {
        let storage = try open()
        try await storage.commit(entries)
        await storage.close()
    }

    private func refusal(_ code: ClusterError.Code = .undecodable, says part: String) {
        let error = #expect(throws: ClusterError.self) { _ = try open() }
        #expect(error?.code == code && error?.hint != nil)
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains(folder.path) == true)
    }

    @Test("what was committed is there again, of all kinds and sizes, and with every number")
    func thereAgain() async throws {
        let numbers: [UInt64] = [0, 1, 1 << 61 | 5, 1 << 63, .max]
        var entries = StoredEntry.Kind.allCases.flatMap { kind in
            numbers.map { entry(kind, $0, [kind.rawValue, UInt8(truncatingIfNeeded: $0)]) }
        }
        entries.append(entry(.actor, 7, []))
        entries.append(entry(.actor, 8, [UInt8](repeating: 9, count: 3_000_000)))
        let storage = try open()
        try await storage.commit(entries)
        #expect(Set(try await storage.load()) == Set(entries))
        await storage.close()
        #expect(Set(try await open().load()) == Set(entries))
    }

    @Test("entries are replaced and removed, and what is not there is removed in peace")
    func changes() async throws {
        let storage = try open()
        try await storage.commit([entry(.actor, 1, [1]), entry(.actor, 2, [2]), entry(.node, 1, [3])])
        try await storage.commit([entry(.actor, 1, [4]), entry(.actor, 2, nil), entry(.actor, 9, nil)])
        #expect(Set(try await storage.load()) == [entry(.actor, 1, [4]), entry(.node, 1, [3])])
        try await storage.commit([])
    }

    @Test("a second head on the same directory is refused, and told who serves it")
    func secondHead() async throws {
        let storage = try open()
        refusal(.invalidArgument, says: "process \(ProcessInfo.processInfo.processIdentifier) on ")
        await storage.close()
        _ = try open()
    }

    @Test("a directory that is opened without being closed is there too")
    func notClosed() async throws {
        do {
            let storage = try open()
            try await storage.commit([entry(.actor, 1, [1])])
        }
        #expect(try await open().load() == [entry(.actor, 1, [1])])
    }

    @Test("a storage that was closed takes no commit")
    func closed() async throws {
        let storage = try open()
        await storage.close()
        await #expect(throws: ClusterError.self) { try await storage.commit([entry(.actor, 1, [1])]) }
    }

    @Test("a folder that cannot be made is refused")
    func noFolder() throws {
        try folder.write([], to: "file")
        let error = #expect(throws: ClusterError.self) {
            _ = try SQLiteStorage(in: folder.path + "/file/data")
        }
        #expect(error?.code == .invalidArgument && error?.hint != nil)
    }

    // MARK: Files that are not right

    @Test("a file that is none of SQLite, or of another program, is refused")
    func foreign() async throws {
        try await leave(entry(.actor, 1, [1]))
        let good = try folder.bytes(of: "directory.sqlite")
        try folder.write(
            Array("something else, and long enough to be a file of some kind".utf8),
            to: "directory.sqlite"
        )
        refusal(says: "not those of an SQLite file")
        var other = good
        other[68] ^= 1
        try folder.write(other, to: "directory.sqlite")
        refusal(says: "not one of a directory")
        // It was not touched.
        #expect(try folder.bytes(of: "directory.sqlite") == other)
    }

    @Test("the file of a later version is refused")
    func laterVersion() async throws {
        try await leave(entry(.actor, 1, [1]))
        var bytes = try folder.bytes(of: "directory.sqlite")
        bytes[63] = 2
        try folder.write(bytes, to: "directory.sqlite")
        refusal(.incompatible, says: "layout 2")
    }

    @Test("a file that was cut anywhere, emptied or removed is refused")
    func cut() async throws {
        try await leave(entry(.actor, 1, [UInt8](repeating: 1, count: 20_000)))
        let bytes = try folder.bytes(of: "directory.sqlite")
        for count in [0, 1, 99, 100, 512, 4_096, 5_000, bytes.count - 4_097, bytes.count - 4_096] {
            try folder.write(Array(bytes[..<count]), to: "directory.sqlite")
            refusal(says: "directory.sqlite")
        }
        try folder.remove("directory.sqlite")
        refusal(says: "it is missing")
        try folder.write(bytes, to: "directory.sqlite")
        #expect(try await open().load().count == 1)
    }

    @Test("a WAL that was cut or removed is refused if that lost a commit")
    func cutLog() async throws {
        let source = try Folder()
        let storage = try SQLiteStorage(in: source.path)
        for number in 0..<5 { try await storage.commit([entry(.actor, 1, [UInt8(number)])]) }
        let names = ["directory.sqlite", "directory.sqlite-wal", "directory.mark"]
        let files = try names.map { ($0, try source.bytes(of: $0)) }
        let log = try #require(files.first { $0.0.hasSuffix("-wal") }?.1)
        for length in [0, 10, 32, 100, log.count / 2, log.count - 1] {
            for (name, bytes) in files { try folder.write(bytes, to: name) }
            try folder.write(Array(log[..<length]), to: "directory.sqlite-wal")
            refusal(says: "commit 5 was told to be durable")
        }
        for (name, bytes) in files { try folder.write(bytes, to: name) }
        try folder.remove("directory.sqlite-wal")
        refusal(says: "it ends with commit")
        // As the hint says: on purpose.
        try folder.remove("directory.mark")
        #expect(try await open().load().isEmpty)
    }

    @Test("a flipped bit in an entry is found")
    func flipped() async throws {
        try await leave(entry(.actor, 1, Array("here it is".utf8)))
        var bytes = try folder.bytes(of: "directory.sqlite")
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: "here it is".utf8) })
        bytes[place + 3] ^= 4
        try folder.write(bytes, to: "directory.sqlite")
        let storage = try open()
        let error = await #expect(throws: ClusterError.self) { try await storage.load() }
        #expect(
            error?.code == .undecodable
                && error?.message.contains("of actors is not what was written") == true
        )
    }

    @Test("a damaged mark is refused")
    func damagedMark() async throws {
        try await leave(entry(.actor, 1, [1]))
        var bytes = try folder.bytes(of: "directory.mark")
        bytes[9] ^= 1
        try folder.write(bytes, to: "directory.mark")
        refusal(says: "directory.mark is damaged")
    }

    @Test("what a head left behind that ended while it made the directory is no directory")
    func halfMade() async throws {
        try folder.write([1, 2, 3], to: "directory.sqlite.new")
        try folder.write([], to: "directory.mark")
        let storage = try open()
        #expect(try await storage.load().isEmpty && !folder.has("directory.sqlite.new"))
    }
}
