import Distributed
import Foundation
import Manta
import MantaTestSupport
import Testing

@Suite("values of objects", .timeLimit(.minutes(10)))
struct ObjectValueTests {
    /// Sizes around those where the head of the encoding gets longer.
    private static let counts = [0, 1, 2, 5, 23, 24, 31, 255, 256, 257, 8191, 65_535, 65_536, 70_001]

    @Test(
        "arrays of every number are read as they were put, here and in another process, from aligned memory"
    )
    func numbers() async throws {
        try await withCluster { test in
            let system = test.system
            let reader = try await system.spawn(Reader.self, options: .init(isolation: .process))
            try await check(UInt8.self, reader) { UInt8(truncatingIfNeeded: $0) }
            try await check(Int8.self, reader) { Int8(truncatingIfNeeded: $0) }
            try await check(UInt16.self, reader) { UInt16(truncatingIfNeeded: $0 &* 257) }
            try await check(Int16.self, reader) { Int16(truncatingIfNeeded: $0 &* 257) }
            try await check(UInt32.self, reader) { UInt32(truncatingIfNeeded: $0 &* 65_537) }
            try await check(Int32.self, reader) { Int32(truncatingIfNeeded: $0 &* 65_537) }
            try await check(UInt64.self, reader) { UInt64($0) &* 0x9E37_79B9_7F4A_7C15 }
            try await check(Int64.self, reader) { Int64($0) &* 0x1E37_79B9_7F4A_7C15 }
            try await check(UInt.self, reader) { UInt($0) &* 0x9E37_79B9_7F4A_7C15 }
            try await check(Int.self, reader) { -$0 &* 0x1E37_79B9_7F4A_7C15 }
            try await check(Float16.self, reader) { Float16($0 % 2048) }
            try await check(Float.self, reader) { Float($0) / 3 }
            try await check(Double.self, reader) { -Double($0) / 3 }
            try await system.expectNothingLeft()
        }
    }

    private func check<T: BitwiseCopyable & Codable & Sendable & Equatable>(
        _ type: T.Type,
        _ reader: Reader,
        _ make: (Int) -> T
    ) async throws {
        for count in Self.counts {
            let values = (0..<count).map(make)
            let raw = values.withUnsafeBytes { [UInt8]($0) }
            let ref = try await reader.actorSystem.put(values)
            #expect(try await ref.get() == values, "\(count) of \(type)")
            let here = try await ref.withSpan { span in
                span.bytes.withUnsafeBytes { [UInt8(UInt(bitPattern: $0.baseAddress) % 64)] + $0 }
            }
            #expect(Array(here.dropFirst()) == raw, "\(count) of \(type)")
            #expect(here[0] == 0, "\(count) of \(type)")
            #expect(try await ref.withBytes { $0.byteCount } == raw.count)
            #expect(try await reader.raw(ref) == [0] + raw, "\(count) of \(type)")
        }
    }

    @Test("special numbers keep their bits")
    func specialNumbers() async throws {
        try await withCluster { test in
            let doubles: [Double] = [
                .nan, .signalingNaN, .infinity, -.infinity, -0.0, .leastNonzeroMagnitude,
            ]
            let ref = try await test.system.put(doubles)
            #expect(try await ref.get().map(\.bitPattern) == doubles.map(\.bitPattern))
            let halves: [Float16] = [
                .nan, -.infinity, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
            ]
            let other = try await test.system.put(halves)
            #expect(try await other.get().map(\.bitPattern) == halves.map(\.bitPattern))
        }
    }

    enum Shape: Codable, Sendable, Hashable {
        case point
        case circle(radius: Double)
        indirect case pair(Shape, Shape?)
    }

    struct Record: Codable, Sendable, Hashable {
        var name: String
        var tags: Set<String> = []
        var numbers: [Int: [Float]] = [:]
        var shape = Shape.point
        var parent: [Record] = []
        var blob: Data?
        var bytes: [UInt8]?
    }

    @Test("values of all shapes come back as they were put")
    func shapes() async throws {
        try await withCluster { test in
            let system = test.system
            try await texts(system)
            try await scalars(system)
            try await collections(system)
            try await records(system)
            try await system.expectNothingLeft()
        }
    }

    private func same<Value: Codable & Sendable & Equatable>(_ value: Value, _ system: ClusterSystem)
        async throws
    {
        let ref = try await system.put(value)
        #expect(try await ref.get() == value, "\(Value.self)")
        let lasting = try await system.put(value, owner: .node)
        #expect(try await lasting.get() == value, "\(Value.self) of the node")
        #expect(lasting != ref)
    }

    private func texts(_ system: ClusterSystem) async throws {
        try await same("", system)
        try await same("grüße 👩‍👩‍👧‍👦 \u{0} end", system)
        try await same(String(repeating: "x", count: 300_000), system)
        try await same(["", "a", "b"], system)
    }

    private func scalars(_ system: ClusterSystem) async throws {
        try await same(true, system)
        try await same(0, system)
        try await same(Int.min, system)
        try await same(UInt64.max, system)
        try await same(1.5 as Float16, system)
        try await same(Int?.none, system)
        try await same(Int?.some(0), system)
        try await same(UUID(), system)
        try await same(Date(timeIntervalSinceReferenceDate: 1e9 + 0.125), system)
    }

    private func collections(_ system: ClusterSystem) async throws {
        try await same([String](), system)
        try await same([Record](), system)
        try await same([true, false], system)
        try await same([1, nil, 3] as [Int?], system)
        try await same([[1, 2], [], [3]] as [[Float]], system)
        try await same([UInt8]?.none, system)
        try await same([UInt8]?.some([]), system)
        try await same(["a": [1.0], "": []], system)
        try await same([1: "one", -1: "minus one"], system)
        try await same([[1, 2]: 3], system)
        try await same(Set(0..<1000), system)
        try await same(Data(), system)
        try await same(Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0) }), system)
        try await same(Data([1, 2, 3, 4])[2...], system)
        try await same(ContiguousArray([1, 2, 3]), system)
        try await same(Array((0..<1000).map { Double($0) }[10..<500]), system)
    }

    private func records(_ system: ClusterSystem) async throws {
        try await same(Shape.pair(.circle(radius: 2), .pair(.point, nil)), system)
        let inner = Record(name: "inner", blob: Data(repeating: 1, count: 100_000))
        let record = Record(
            name: "outer",
            tags: ["a", "b"],
            numbers: [1: [1, 2], 2: []],
            shape: .circle(radius: 1),
            parent: [inner],
            bytes: [UInt8](repeating: 2, count: 100_000)
        )
        try await same(record, system)
    }

    @Test("what cannot be encoded is the error of put, and leaves nothing")
    func unencodable() async throws {
        try await withCluster { test in
            await #expect(throws: Stubborn.Refusal.self) {
                _ = try await test.system.put(Stubborn(succeeds: false))
            }
            await #expect(throws: Stubborn.Refusal.self) {
                _ = try await test.system.put(Stubborn(succeeds: false), owner: .node)
            }
            let ref = try await test.system.put(Stubborn(succeeds: true))
            let error = await clusterError { _ = try await ref.get() }
            #expect(error?.code == .undecodable)
            #expect(try await test.system.objects().count == 1)
        }
    }

    /// Can be written at best.
    struct Stubborn: Codable, Sendable {
        struct Refusal: Error {}
        var succeeds: Bool

        init(succeeds: Bool) { self.succeeds = succeeds }
        init(from decoder: any Decoder) throws { throw Refusal() }
        func encode(to encoder: any Encoder) throws {
            guard succeeds else { throw Refusal() }
            var container = encoder.singleValueContainer()
            try container.encode(1)
        }
    }
}
