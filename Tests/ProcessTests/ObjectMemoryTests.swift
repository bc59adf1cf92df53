import Distributed
import Foundation
import Manta
import MantaTestSupport
import Testing

@Suite("memory of objects", .timeLimit(.minutes(10)))
struct ObjectMemoryTests {
    private static let byteCount = 200 << 20
    /// What a process may need besides, in bytes.
    private static let slack = 40 << 20

    @Test("processes that read an object in place share the one copy of it")
    func sharedMemory() async throws {
        try await withCluster({ $0.storeCapacity = 512 << 20 }) { test in
            let system = test.system
            let maker = try await system.spawn(Reader.self, options: .init(isolation: .process))
            let reader = try await system.spawn(Reader.self, options: .init(isolation: .process))
            try await compare(maker, reader)
            try await system.expectNothingLeft()
        }
    }

    private func compare(_ maker: Reader, _ reader: Reader) async throws {
        let before = (maker: try await maker.memory(), reader: try await reader.memory())
        let ref = try await maker.make(Self.byteCount)
        let made = try await maker.scan(ref)
        let read = try await reader.scan(ref)
        #expect(read.anonymous - before.reader.anonymous < Self.slack)
        #expect(read.privateBytes - before.reader.privateBytes < Self.slack)
        // Both have it mapped now, each counts half of it.
        let after = try await maker.memory()
        let growth =
            after.sharedShare - before.maker.sharedShare + read.sharedShare - before.reader.sharedShare
        #expect(growth > Self.byteCount - Self.slack)
        #expect(growth < Self.byteCount + Self.slack)
        #expect(after.privateBytes - before.maker.privateBytes < Self.slack, "\(before) \(made) \(after)")
    }

    /// One that no other test has.
    private static let oddCapacity = 777 << 20

    @Test("a process gives up what it mapped of a cluster that has ended")
    func unmapped() async throws {
        try await withCluster({ $0.storeCapacity = Self.oddCapacity }) { test in
            let ref = try await test.system.bytes(1 << 20)
            #expect(try await ref.get().count == 1 << 20)
            #expect(try Self.oddMappingCount() > 0)
        }
        // The last who use it let go a little later.
        try await eventually { try Self.oddMappingCount() == 0 }
    }

    /// How often a store of that capacity is mapped in this process.
    private static func oddMappingCount() throws -> Int {
        let maps = try String(contentsOfFile: "/proc/self/maps", encoding: .utf8)
        return maps.split(separator: "\n").count { line in
            guard line.contains("/dev/shm/") || line.contains("/memfd:") else { return false }
            let range = line.prefix { $0 != " " }.split(separator: "-").compactMap { Int($0, radix: 16) }
            return range.count == 2 && (oddCapacity..<oddCapacity * 9 / 8).contains(range[1] - range[0])
        }
    }
}
