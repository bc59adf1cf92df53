import Distributed
import Glibc
import Manta

/// Reads objects of many types, on the word of tests.
distributed actor Reader: Spawnable {
    /// Says one type when it is encoded, and another when it is decoded.
    struct Pun: Codable, Sendable {
        var floats: ObjectRef<[Float]>
        var text: ObjectRef<String>?
        var doubles: ObjectRef<[Double]>?
        var numbers: ObjectRef<[Int32]>?
        var parcel: ObjectRef<Holder.Parcel>?

        init(_ floats: ObjectRef<[Float]>) { self.floats = floats }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.unkeyedContainer()
            for _ in 0..<5 { try container.encode(floats) }
        }

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            floats = try container.decode(ObjectRef<[Float]>.self)
            text = try container.decode(ObjectRef<String>.self)
            doubles = try container.decode(ObjectRef<[Double]>.self)
            numbers = try container.decode(ObjectRef<[Int32]>.self)
            parcel = try container.decode(ObjectRef<Holder.Parcel>.self)
        }
    }

    /// What a process has in memory, in bytes.
    struct Memory: Codable, Sendable {
        /// Of its own, whether mapped from a file or not.
        var anonymous = 0
        var privateBytes = 0
        /// Its share of memory that it has in common with others.
        var sharedShare = 0
    }

    private var total = 0
    private var seen: [ObjectRef<[UInt8]>: Int] = [:]

    init(_ arguments: NoArguments, actorSystem: ClusterSystem) { self.actorSystem = actorSystem }

    distributed func process() -> Int32 { getpid() }
    distributed func echo(_ pun: Pun) -> Pun { pun }

    /// The elements as they lie in memory, and how far behind a 64-byte boundary.
    distributed func raw<T: BitwiseCopyable & Codable & Sendable>(
        _ ref: ObjectRef<[T]>
    ) async throws -> [UInt8] {
        try await ref.withSpan { span in
            span.bytes.withUnsafeBytes { bytes in
                [UInt8(UInt(bitPattern: bytes.baseAddress) % 64)] + bytes
            }
        }
    }

    /// Adds to the actor's own state in the closure.
    distributed func add(_ ref: ObjectRef<[UInt8]>) async throws -> Int {
        try await ref.withSpan { span in
            for index in span.indices { total += Int(span[index]) }
        }
        try await ref.withBytes { total += $0.byteCount }
        try await withSpans(ref, ref) { total += $0.count + $1.count }
        return total
    }

    distributed func see(_ refs: [ObjectRef<[UInt8]>: Int]) {
        for (ref, count) in refs { seen[ref, default: 0] += count }
    }
    distributed func timesSeen(_ ref: ObjectRef<[UInt8]>) -> Int? { seen[ref] }
    distributed func allSeen() -> Set<ObjectRef<[UInt8]>> { Set(seen.keys) }
    distributed func forget() { seen = [:] }
    distributed func hash(of ref: ObjectRef<[UInt8]>, equals other: ObjectRef<[UInt8]>) -> Bool {
        ref == other && Set([ref, other]).count == 1
    }

    distributed func make(_ byteCount: Int) async throws -> ObjectRef<[UInt8]> {
        try await actorSystem.put([UInt8](repeating: 1, count: byteCount))
    }

    /// Touches every page, and keeps the object in place while it looks at its own memory.
    distributed func scan(_ ref: ObjectRef<[UInt8]>) async throws -> Memory {
        try await ref.withSpan { span in
            var sum = 0
            var index = 0
            while index < span.count {
                sum += Int(span[index])
                index += 4096
            }
            total += sum
            return Self.memory()
        }
    }

    distributed func memory() -> Memory { Self.memory() }

    private static func memory() -> Memory {
        var memory = Memory()
        guard let file = fopen("/proc/self/smaps_rollup", "re") else { return memory }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, 256, file) != nil {
            let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                .split(separator: " ")
            guard words.count > 1, let kibibytes = Int(words[1]) else { continue }
            switch words[0] {
            case "Anonymous:": memory.anonymous += kibibytes << 10
            case "Private_Clean:", "Private_Dirty:": memory.privateBytes += kibibytes << 10
            case "Pss_Shmem:": memory.sharedShare += kibibytes << 10
            default: break
            }
        }
        return memory
    }
}
