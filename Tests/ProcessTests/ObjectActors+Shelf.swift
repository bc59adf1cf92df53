import Distributed
import Glibc
import Manta

/// Has references in every place where a program may have them, on the word of tests.
distributed actor Shelf: Spawnable {
    typealias Item = ObjectRef<[UInt8]>

    struct Arguments: Codable, Sendable {
        var items: [Item] = []
    }

    /// Holds references to objects that hold references.
    struct Crate: Codable, Sendable, Hashable {
        var label: String
        var parcels: [ObjectRef<Holder.Parcel>]
    }

    /// Large enough to go through the store by itself, with references inside.
    struct Bale: Codable, Sendable {
        var filling: [UInt8]
        var items: [Item]
    }

    struct Complaint: Error, Codable {
        var evidence: Item
    }

    private var items: [Item]

    init(_ arguments: Arguments, actorSystem: ClusterSystem) {
        self.actorSystem = actorSystem
        items = arguments.items
    }

    distributed func process() -> Int32 { getpid() }
    distributed var count: Int { items.count }

    // MARK: Keeping

    distributed func keep(_ more: [Item]) { items += more }
    distributed func note(_ item: Item) { items.append(item) }
    distributed func drop() { items = [] }
    distributed func give() -> [Item] { items }
    distributed func echo(_ items: [Item]) -> [Item] { items }
    distributed func pass(to other: Shelf) async throws { try await other.keep(items) }

    /// The sum of all bytes of all that is kept.
    distributed func sum() async throws -> Int { try await Self.sum(of: items) }
    distributed func sum(of more: [Item]) async throws -> Int { try await Self.sum(of: more) }

    private static func sum(of items: [Item]) async throws -> Int {
        var sum = 0
        for item in items { sum += try await item.get().reduce(0) { $0 + Int($1) } }
        return sum
    }

    // MARK: Making

    distributed func make(_ count: Int, of byte: UInt8, owner: ObjectOwner) async throws -> Item {
        try await actorSystem.put([UInt8](repeating: byte, count: count), owner: owner)
    }

    distributed func makeMany(_ count: Int) async throws -> [Item] {
        var items: [Item] = []
        for index in 0..<count {
            items.append(try await actorSystem.put([UInt8(truncatingIfNeeded: index)]))
        }
        return items
    }

    /// An object with two levels of others below, to which nobody else has references.
    distributed func makeCrate(_ counts: [Int]) async throws -> ObjectRef<Crate> {
        var parcels: [ObjectRef<Holder.Parcel>] = []
        for count in counts {
            let item = try await actorSystem.put([UInt8](repeating: 1, count: count))
            parcels.append(try await actorSystem.put(Holder.Parcel(label: "\(count)", items: [item])))
        }
        return try await actorSystem.put(Crate(label: "crate", parcels: parcels))
    }

    /// Keeps what is two levels below an object, and nothing of the levels between.
    distributed func unpack(_ crate: ObjectRef<Crate>) async throws {
        for parcel in try await crate.get().parcels { items += try await parcel.get().items }
    }

    distributed func bale(_ count: Int) -> Bale {
        Bale(filling: [UInt8](repeating: 7, count: count), items: items)
    }

    /// Keeps what comes with something large.
    distributed func open(_ bale: Bale) -> Int {
        items += bale.items
        return bale.filling.count
    }

    distributed func weigh(_ bytes: [UInt8]) -> Int { bytes.count }
    distributed func swallow(_ bytes: [UInt8]) {}

    // MARK: Trouble

    /// Throws an error with a reference to an object that nobody else refers to.
    distributed func complain() async throws {
        throw Complaint(evidence: try await actorSystem.put([UInt8](repeating: 4, count: 100)))
    }

    /// Runs until a file is there, or its task is cancelled.
    distributed func wait(for path: String) async {
        while access(path, F_OK) != 0, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(5)) }
    }

    /// The same with references in its hands.
    distributed func hold(_ more: [Item], until path: String) async -> [Item] {
        while access(path, F_OK) != 0, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(5)) }
        return more
    }

    /// A large result, once a file is there; says by another file that it waits.
    distributed func late(_ count: Int, at path: String) async -> [UInt8] {
        Self.announce(path)
        await wait(for: path)
        return [UInt8](repeating: 1, count: count)
    }

    distributed func fetch(_ count: Int, from other: Shelf, at path: String) async throws -> Int {
        try await other.late(count, at: path).count
    }

    /// Keeps the thread that it runs on until a file is there; says by another file that it does.
    distributed func block(until path: String) {
        Self.announce(path)
        while access(path, F_OK) != 0 { usleep(5_000) }
    }

    private static func announce(_ path: String) { close(creat(begun(path), 0o600)) }

    static func begun(_ path: String) -> String { "\(path).begun" }

    /// Spawns another one, which gets the references that this one keeps.
    distributed func spawnHeir(named name: String) async throws -> Shelf {
        let options = ActorOptions(
            name: name,
            isolation: .process,
            restarts: .upTo(5, within: .seconds(600))
        )
        return try await actorSystem.spawn(Shelf.self, Arguments(items: items), options: options)
    }
}
