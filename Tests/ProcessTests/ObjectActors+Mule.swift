import Distributed
import Glibc
import Manta

/// Makes, carries, checks and drops objects until it is killed.
distributed actor Mule: Spawnable {
    typealias Item = ObjectRef<[UInt64]>

    /// An object, and what is in it.
    struct Load: Codable, Sendable, Hashable {
        var item: Item
        var seed: UInt64
    }

    /// In an object of its own.
    struct Pack: Codable, Sendable {
        var loads: [Load]
        var inner: [ObjectRef<Pack>] = []
    }

    private var loads: [Load] = []
    private var packs: [ObjectRef<Pack>] = []

    init(_ arguments: NoArguments, actorSystem: ClusterSystem) { self.actorSystem = actorSystem }

    distributed func process() -> Int32 { getpid() }

    distributed func make(_ count: Int, of seed: UInt64, owner: ObjectOwner) async throws -> Load {
        let load = Load(
            item: try await actorSystem.put(Stoker.words(count, of: seed), owner: owner),
            seed: seed
        )
        loads.append(load)
        return load
    }

    distributed func keep(_ more: [Load]) { loads += more }
    distributed func keepPack(_ pack: ObjectRef<Pack>) { packs.append(pack) }
    distributed func give(_ count: Int) -> [Load] { Array(loads.suffix(count)) }
    distributed func swap(_ more: [Load], filling: [UInt64]) -> Pack {
        defer { loads = more }
        return Pack(loads: loads)
    }
    distributed func drop() {
        loads = []
        packs = []
    }

    distributed func pack(with inner: [ObjectRef<Pack>], owner: ObjectOwner) async throws -> ObjectRef<Pack> {
        try await actorSystem.put(Pack(loads: loads, inner: inner), owner: owner)
    }

    distributed func pass(_ more: [Load], to other: Mule) async throws { try await other.keep(more + loads) }

    /// How many of these are right; those that are gone are left out.
    distributed func check(_ more: [Load]) async throws -> Int {
        var count = 0
        for load in more + loads {
            do {
                guard try await load.item.withSpan({ Stoker.isRight($0, of: load.seed) }) else {
                    throw Wrong(load: load)
                }
                count += 1
            } catch let error as ClusterError where Self.mayEnd(error) {}
        }
        return count
    }

    /// Follows packs into packs.
    distributed func unpack(_ pack: ObjectRef<Pack>) async throws -> Int {
        let contents = try await pack.get()
        var count = try await check(contents.loads)
        for inner in contents.inner {
            do {
                count += try await unpack(inner)
            } catch let error as ClusterError where Self.mayEnd(error) {}
        }
        return count
    }

    /// Makes objects that belong to the node until it is killed.
    distributed func makeForever(_ count: Int) async throws {
        while true {
            loads.append(
                Load(item: try await actorSystem.put(Stoker.words(count, of: 1), owner: .node), seed: 1)
            )
        }
    }

    struct Wrong: Error, Codable {
        var load: Load
    }

    /// What may be said of an object of somebody who has been killed.
    static func mayEnd(_ error: ClusterError) -> Bool {
        error.code == .ownerDied || error.code == .objectLost
    }
}
