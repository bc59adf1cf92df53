import Distributed
import Foundation
import Manta
import MantaTestSupport
import Testing

@Suite("reading objects", .timeLimit(.minutes(10)))
struct ObjectReadingTests {
    private struct Wrong: Error, Equatable {}

    @Test("a reference of another type is told so, and never reads what is not there")
    func wrongType() async throws {
        try await withCluster { test in
            let reader = try await test.system.spawn(Reader.self, options: .init(isolation: .process))
            try await readPun(reader, test.system)
            try await test.system.expectNothingLeft()
        }
    }

    private func readPun(_ reader: Reader, _ system: ClusterSystem) async throws {
        for count in [0, 1, 2, 3, 1000] {
            let floats = try await system.put([Float](repeating: 1.5, count: count))
            let pun = try await reader.echo(Reader.Pun(floats))
            #expect(try await pun.floats.get().count == count)
            let (text, parcel) = (try #require(pun.text), try #require(pun.parcel))
            let (doubles, numbers) = (try #require(pun.doubles), try #require(pun.numbers))
            #expect(await clusterError { _ = try await text.get() }?.code == .undecodable)
            #expect(await clusterError { _ = try await parcel.get() }?.code == .undecodable)
            #expect(await clusterError { _ = try await doubles.withSpan { $0.count } }?.code == .undecodable)
            #expect(await clusterError { _ = try await numbers.withSpan { $0.count } }?.code == .undecodable)
            #expect(
                await clusterError { _ = try await withSpans(doubles, floats) { $0.count + $1.count } }?.code
                    == .undecodable
            )
            #expect(try await text.withBytes { $0.byteCount } == 4 * count)
            #expect(text.id == floats.id)
        }
    }

    @Test("only arrays of numbers are read in place")
    func noNumbers() async throws {
        try await withCluster { test in
            let flags = try await test.system.put([true, false])
            let error = await clusterError { _ = try await flags.withSpan { $0.count } }
            #expect(error?.code == .invalidArgument)
            #expect(error?.hint != nil)
            let text = try await test.system.put("text")
            #expect(try await text.withBytes { $0.byteCount } > 0)
        }
    }

    @Test("closures change the state of their actor, and throw what they throw")
    func closures() async throws {
        try await withCluster { test in
            let system = test.system
            let reader = try await system.spawn(Reader.self, options: .init(isolation: .process))
            let ref = try await system.put([UInt8](repeating: 2, count: 10))
            #expect(try await reader.add(ref) == 20 + 10 + 20)
            #expect(try await reader.add(ref) == 100)
            await #expect(throws: Wrong.self) { try await ref.withSpan { _ in throw Wrong() } }
            await #expect(throws: Wrong.self) { try await ref.withBytes { _ in throw Wrong() } }
            await #expect(throws: Wrong.self) { try await withSpans(ref, ref) { _, _ in throw Wrong() } }
            #expect(try await system.objects().map(\.pins) == [0])
            #expect(try await ref.withSpan { $0.count } == 10)
        }
    }

    @Test("an object that is read in place stays while it is read, though its last reference goes")
    func releasedWhileRead() async throws {
        try await withCluster { test in
            let system = test.system
            let sum = try await self.sum(of: try await system.bytes(100_000, of: 3), whileFreedIn: system)
            #expect(sum == 300_000)
            try await system.expectNothingLeft()
        }
    }

    private func sum(of ref: Shelf.Item, whileFreedIn system: ClusterSystem) async throws -> Int {
        let box = Shared<Shelf.Item?>(ref)
        return try await ref.withSpan { span in
            box.change { $0 = nil }
            var sum = 0
            for index in span.indices { sum += Int(span[index]) }
            return sum
        }
    }

    @Test("a hundred tasks read one object at once, in place and as a value")
    func manyTasks() async throws {
        try await withCluster { test in
            let ref = try await test.system.put((0..<20_000).map { Int32($0) })
            let sums = try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<100 {
                    group.addTask {
                        if index.isMultiple(of: 2) { return try await ref.get().reduce(0) { $0 + Int($1) } }
                        return try await ref.withSpan { span in
                            span.indices.reduce(0) { $0 + Int(span[$1]) }
                        }
                    }
                }
                return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
            }
            #expect(sums == [19_999 * 10_000])
            #expect(try await test.system.objects().map(\.pins) == [0])
        }
    }

    @Test("eight processes read one object at once, many times")
    func manyProcesses() async throws {
        try await withCluster { test in
            let system = test.system
            let shelves = try await withThrowingTaskGroup(of: Shelf.self) { group in
                for _ in 0..<8 { group.addTask { try await system.shelf() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            try await readAtOnce(shelves, system)
            try await system.expectNothingLeft()
        }
    }

    private func readAtOnce(_ shelves: [Shelf], _ system: ClusterSystem) async throws {
        let ref = try await system.bytes(1 << 15, of: 1)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for shelf in shelves {
                for _ in 0..<10 { group.addTask { try await shelf.sum(of: [ref, ref]) } }
            }
            for try await sum in group { #expect(sum == 2 << 15) }
        }
    }

    @Test("references are keys: equal and hashed alike in every process")
    func keys() async throws {
        try await withCluster { test in
            let system = test.system
            let reader = try await system.spawn(Reader.self, options: .init(isolation: .process))
            try await useAsKeys(reader, system)
            #expect(try await reader.allSeen().count == 2)
            try await reader.forget()
            try await system.expectNothingLeft()
        }
    }

    private func useAsKeys(_ reader: Reader, _ system: ClusterSystem) async throws {
        let (one, two) = (try await system.bytes(1), try await system.bytes(1))
        #expect(one != two)
        try await reader.see([one: 1, two: 10])
        try await reader.see([one: 2])
        #expect(try await reader.timesSeen(one) == 3)
        #expect(try await reader.timesSeen(two) == 10)
        #expect(try await reader.allSeen() == [one, two])
        #expect(try await reader.hash(of: one, equals: one))
        #expect(try await !reader.hash(of: one, equals: two))
        #expect("\(one)".contains("\(one.id)"))
    }

    @Test("references are for calls and objects, not for files")
    func elsewhere() async throws {
        try await withCluster { test in
            let ref = try await test.system.bytes(1)
            #expect(throws: EncodingError.self) { try JSONEncoder().encode(ref) }
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode(Shelf.Item.self, from: Data("[1, 2, 3, 4, 5]".utf8))
            }
        }
    }
}
