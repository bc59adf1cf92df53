import Distributed
import Glibc
import Manta
import MantaRuntime
import MantaTestKit
import MantaTestSupport
import Testing

/// Makes, reads and keeps objects that tell of themselves, on the word of tests.
distributed actor Depot: Spawnable {
    typealias Item = ObjectRef<[UInt64]>

    struct Parcel: Codable, Sendable {
        var words: [UInt64]
        var items: [Item]
    }

    private var kept: [Item] = []
    private(set) var callCount = 0
    private var turnedCount = 0

    init(_ arguments: NoArguments, actorSystem: ClusterSystem) { self.actorSystem = actorSystem }

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

    distributed func process() -> Int32 { getpid() }
    distributed var calls: Int { callCount }

    distributed func make(
        _ count: Int,
        of seed: UInt64,
        owner: ObjectOwner = .process
    ) async throws -> Item {
        callCount += 1
        return try await actorSystem.put(Self.words(count, of: seed), owner: owner)
    }

    distributed func check(_ item: Item, of seed: UInt64) async throws -> Bool {
        try await item.withSpan { Self.isRight($0, of: seed) }
    }

    distributed func keep(_ items: [Item]) {
        callCount += 1
        kept += items
    }
    distributed func checkKept(of seed: UInt64) async throws -> Bool {
        for item in kept where try await !item.withSpan({ Self.isRight($0, of: seed) }) { return false }
        return true
    }
    distributed func drop() { kept = [] }
    distributed func echo(_ items: [Item]) -> [Item] { items }

    // MARK: Large values

    distributed func weigh(_ words: [UInt64]) -> Int { words.count }
    distributed func large(_ count: Int, of seed: UInt64) -> [UInt64] {
        callCount += 1
        return Self.words(count, of: seed)
    }

    /// Takes and gives something large with references in it, after a while.
    distributed func turn(_ parcel: Parcel, after milliseconds: Int) async throws -> Parcel {
        callCount += 1
        try await Task.sleep(for: .milliseconds(milliseconds))
        return parcel
    }

    /// The same, whether anybody waits for it or not.
    distributed func turnAnyway(_ parcel: Parcel, after milliseconds: Int) async -> Parcel {
        callCount += 1
        // A task of its own, which is waited for, and not cancelled with this one.
        await Task { try? await Task.sleep(for: .milliseconds(milliseconds)) }.value
        turnedCount += 1
        return parcel
    }
    distributed var turned: Int { turnedCount }

    /// Has another one make something large, which it may be asked for again for a long time.
    distributed func order(from other: Depot, after milliseconds: Int, anyway: Bool) async throws -> Int {
        callCount += 1
        let parcel = Parcel(words: Self.words(20_000, of: 1), items: kept)
        return try await withCallOptions(timeout: .seconds(600), retries: 5) {
            let turned =
                anyway
                ? try await other.turnAnyway(parcel, after: milliseconds)
                : try await other.turn(parcel, after: milliseconds)
            return turned.words.count
        }
    }

    /// Whether this process knows of no reference at all.
    distributed func holdsNothing() -> Bool { actorSystem.objects?.holdsNothing ?? true }
}

extension TestCluster {
    func depot(on number: Int, isolation: Isolation = .process, restarts: RestartPolicy = .never) async throws
        -> Depot
    {
        let options = ActorOptions(
            isolation: isolation,
            restarts: restarts,
            placement: .node(nodes[number].id)
        )
        return try await cluster.spawn(Depot.self, options: options)
    }

    /// Waits until no node that is alive has anything of any object, and nobody knows of a reference.
    func expectNothingLeft(
        _ depots: [Depot] = [],
        within limit: Duration = .seconds(30),
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        do {
            try await eventually(within: limit) {
                guard try await cluster.objects().isEmpty, cluster.objects?.holdsNothing == true else {
                    return false
                }
                for depot in depots where try await !depot.holdsNothing() { return false }
                return try await cluster.nodes().allSatisfy { $0.storeUsed == 0 }
            }
        } catch {
            let left = try await cluster.objects().prefix(20).map {
                "\($0.id) of \($0.owner), \($0.copy): local \($0.localReferences), borrowers \($0.borrowers), "
                    + "in transit \($0.inTransit)"
            }
            let used = try await cluster.nodes().map(\.storeUsed)
            var holders: [Bool] = []
            for depot in depots { holders.append(try await depot.holdsNothing()) }
            let isDriverEmpty = cluster.objects?.holdsNothing == true
            let text = "left: \(left), used: \(used), driver: \(isDriverEmpty), depots: \(holders)"
            Issue.record("\(error); \(text)", sourceLocation: sourceLocation)
        }
    }
}
