import Distributed
import Glibc
import Manta

/// Fills the store and reads what is in it, on the word of tests.
distributed actor Stoker: Spawnable {
    typealias Item = ObjectRef<[UInt64]>

    init(_ arguments: NoArguments, actorSystem: ClusterSystem) { self.actorSystem = actorSystem }

    distributed func process() -> Int32 { getpid() }

    /// Words that tell of which object they are, and where in it.
    static func words(_ count: Int, of seed: UInt64) -> [UInt64] {
        (0..<UInt64(count)).map { ($0 &+ seed) &* 0x9E37_79B9_7F4A_7C15 }
    }

    static func isRight(_ span: Span<UInt64>, of seed: UInt64) -> Bool {
        for index in span.indices
        where span[index] != (UInt64(index) &+ seed) &* 0x9E37_79B9_7F4A_7C15 {
            return false
        }
        return true
    }

    distributed func make(_ count: Int, of seed: UInt64) async throws -> Item {
        try await actorSystem.put(Self.words(count, of: seed))
    }

    /// Checks every word where it lies.
    distributed func check(_ item: Item, of seed: UInt64) async throws -> Bool {
        try await item.withSpan { Self.isRight($0, of: seed) }
    }

    /// Keeps an object in its place until a file is there.
    distributed func hold(_ item: Item, until path: String) async throws {
        try await item.withBytes { _ in
            while access(path, F_OK) != 0 { usleep(2_000) }
        }
    }

    distributed func weigh(_ words: [UInt64]) -> Int { words.count }
    distributed func large(_ count: Int) -> [UInt64] { Self.words(count, of: 0) }
}
