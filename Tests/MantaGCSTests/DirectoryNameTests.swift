import MantaCore
import MantaGCS
import Testing

private let hits = QualifiedName("hits", namespace: "default")

@Suite("Names of actors")
struct ActorNameTests {
    @Test("a name finds its actor from the start, also while it is pending")
    func find() throws {
        var directory = Directory.withWorker()
        let id = try directory.register(ActorOptions(name: "hits"))
        #expect(directory.find(hits)?.id == id)
        #expect(directory.find(QualifiedName("misses", namespace: "default")) == nil)
    }

    @Test("a name that is taken is refused with its holder, and the actor is not entered")
    func taken() throws {
        var directory = Directory.withWorker()
        let id = try directory.register(ActorOptions(name: "hits"))
        let error = #expect(throws: ClusterError.self) {
            try directory.register(ActorOptions(name: "hits", namespace: "default"), type: "Other")
        }
        #expect(
            error
                == ClusterError(
                    .nameTaken,
                    "the name \"hits\" is taken by actor-1, a Counter",
                    hint: "look it up by its name instead, use getOrSpawn, or choose another name"
                )
        )
        #expect(
            directory.actors().map(\.id) == [id] && directory.actorCounts == Directory.ActorCounts(pending: 1)
        )
    }

    @Test("the same name in two namespaces is two names")
    func namespaces() throws {
        var directory = Directory.withWorker()
        let plain = try directory.register(ActorOptions(name: "hits"))
        let other = try directory.register(ActorOptions(name: "hits", namespace: "shop"))
        #expect(directory.find(hits)?.id == plain)
        #expect(directory.find(QualifiedName("hits", namespace: "shop"))?.id == other)
        let error = #expect(throws: ClusterError.self) {
            try directory.register(ActorOptions(name: "hits", namespace: "shop"))
        }
        #expect(error?.message == "the name \"hits\" in namespace \"shop\" is taken by actor-2, a Counter")
        #expect(directory.died(other, .stopped) != nil && directory.find(hits)?.id == plain)
        #expect(directory.actors().map(\.namespace) == ["default", "shop"])
    }

    @Test("a name is free in the step in which its actor dies, and the death repeated does not free it again")
    func freed() throws {
        var directory = Directory.withWorker()
        let first = try directory.start(ActorOptions(name: "hits"))
        #expect(directory.died(first, .stopped) != nil && directory.find(hits) == nil)
        let second = try directory.register(ActorOptions(name: "hits"))
        #expect(directory.died(first, .killed) == nil)
        #expect(directory.find(hits)?.id == second)
    }

    @Test("actors without a name do not stand in each other's way")
    func nameless() throws {
        var directory = Directory.withWorker()
        _ = try directory.register()
        _ = try directory.register()
        #expect(directory.actorCounts == Directory.ActorCounts(pending: 2))
    }
}

@Suite("Owners of actors")
struct ActorOwnerTests {
    @Test("an owner has the actors that are to end with it, by number, until they are dead")
    func owned() throws {
        var directory = Directory.withWorker()
        let spawner = try directory.register(owner: .job(driver))
        let key = ActorKey(spawner, epoch: 1)
        let ids = try [ActorOwner.actor(key), .job(driver), .actor(key), nil].map {
            try directory.register(owner: $0, hasOwnLane: $0 == nil)
        }
        #expect(directory.owned(by: .actor(key)) == [ids[0], ids[2]])
        #expect(directory.owned(by: .job(driver)) == [spawner, ids[1]])
        #expect(directory.owned(by: .actor(ActorKey(spawner, epoch: 2))).isEmpty)
        #expect(directory.died(ids[0], .killed) != nil)
        #expect(directory.owned(by: .actor(key)) == [ids[2]])
    }

    @Test("an actor that restarts keeps its owner")
    func restarted() throws {
        var directory = Directory.withWorker()
        let id = try directory.register(ActorOptions(restarts: .always), owner: .job(driver))
        #expect(directory.placed(id, on: node) == .accepted && directory.alive(id) == .accepted)
        #expect(directory.incarnationEnded(id) == .restarting(after: .zero))
        #expect(directory.owned(by: .job(driver)) == [id])
    }
}
