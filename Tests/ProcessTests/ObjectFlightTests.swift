import Distributed
import Glibc
import Manta
import MantaTestSupport
import Testing

@Suite("references on their way", .timeLimit(.minutes(10)))
struct ObjectFlightTests {
    @Test("references that are in flight when their receiver is killed hold nothing")
    func receiverKilled() async throws {
        try await withCluster { test in
            for round in 0..<3 { try await sendUntilDead(test.system, round) }
            try await test.system.expectNothingLeft()
        }
    }

    /// Ten tasks send references to an actor, which is killed while they do.
    private func sendUntilDead(_ system: ClusterSystem, _ round: Int) async throws {
        let shelf = try await system.shelf()
        let process = try await shelf.process()
        let codes = await withTaskGroup(of: ClusterError.Code?.self) { group in
            for task in 0..<10 {
                group.addTask {
                    for index in 0... {
                        let error = await clusterError {
                            try await shelf.keep([
                                try await system.bytes(1000), try await system.bytes(70_000),
                            ])
                        }
                        if let error { return error.code }
                        if task == 0, index == 5 * (round + 1) { kill(process, SIGKILL) }
                    }
                    return nil
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        for code in codes {
            switch code {
            case .actorDied, .workerDied, .notConnected: break
            default: Issue.record("ended with \(String(describing: code))")
            }
        }
    }

    @Test("what is two objects deep lives as long as the outermost one, and on its own after that")
    func nested() async throws {
        try await withCluster { test in
            let system = test.system
            let (maker, keeper) = (try await system.shelf(), try await system.shelf())
            try await unpackCrate(of: maker, in: keeper)
            // The outer two levels are gone.
            try await eventually { try await system.objects().count == 3 }
            #expect(try await keeper.sum() == 600)
            try await keeper.drop()
            try await system.expectNothingLeft()
        }
    }

    private func unpackCrate(of maker: Shelf, in keeper: Shelf) async throws {
        let crate = try await maker.makeCrate([100, 200, 300])
        #expect(try await maker.actorSystem.objects().count == 7)
        try await keeper.unpack(crate)
    }

    @Test("a chain of objects, each inside the next, is freed with the last reference")
    func chain() async throws {
        try await withCluster { test in
            try await makeChain(test.system, try await test.system.shelf())
            try await test.system.expectNothingLeft()
        }
    }

    /// Each link has the one before as its only content, and other processes make every second one.
    private func makeChain(_ system: ClusterSystem, _ shelf: Shelf) async throws {
        var item = try await shelf.make(10, of: 1, owner: .process)
        var parcel = try await system.put(Holder.Parcel(label: "0", items: [item]))
        item = try await system.bytes(1)
        for index in 1..<40 {
            let crate = try await system.put(Shelf.Crate(label: "\(index)", parcels: [parcel]))
            parcel = try #require(try await crate.get().parcels.first)
        }
        try await shelf.keep(try await parcel.get().items)
        #expect(try await shelf.sum() == 10)
        try await shelf.drop()
    }

    @Test("the end of the maker of an outer object takes what nobody else holds")
    func makerKilled() async throws {
        try await withCluster { test in
            let system = test.system
            let maker = try await system.shelf()
            try await readAfterDeath(of: maker, system)
            try await system.expectNothingLeft()
        }
    }

    private func readAfterDeath(of maker: Shelf, _ system: ClusterSystem) async throws {
        let crate = try await maker.makeCrate([100])
        let parcels = try await crate.get().parcels
        let items = try await parcels[0].get().items
        kill(try await maker.process(), SIGKILL)
        try await eventually { await clusterError { _ = try await crate.get() }?.code == .ownerDied }
        #expect(await clusterError { _ = try await parcels[0].get() }?.code == .ownerDied)
        #expect(await clusterError { _ = try await items[0].get() }?.code == .ownerDied)
    }

    @Test("a reference whose owner has ended can be passed on, and still says what has become of the object")
    func passDeadReference() async throws {
        try await withCluster { test in
            let system = test.system
            let (maker, relay) = (try await system.shelf(), try await system.shelf())
            let before = try await relay.process()
            try await passOn(of: maker, through: relay)
            #expect(try await relay.process() == before)
            try await system.expectNothingLeft()
        }
    }

    private func passOn(of maker: Shelf, through relay: Shelf) async throws {
        let item = try await maker.make(10, of: 1, owner: .process)
        kill(try await maker.process(), SIGKILL)
        try await eventually { await clusterError { _ = try await item.get() }?.code == .ownerDied }
        // The relay hears of the end at its own time.
        try await eventually {
            await clusterError { _ = try await relay.sum(of: [item]) }?.code == .ownerDied
        }
        let back = try await relay.echo([item, item])
        #expect(back == [item, item])
        #expect(await clusterError { _ = try await back[0].get() }?.code == .ownerDied)
    }

    @Test("references in an error that a method throws arrive with it")
    func inError() async throws {
        try await withCluster { test in
            let shelf = try await test.system.shelf()
            try await readEvidence(shelf)
            try await test.system.expectNothingLeft()
        }
    }

    private func readEvidence(_ shelf: Shelf) async throws {
        do {
            try await shelf.complain()
            Issue.record("nothing was thrown")
        } catch let complaint as Shelf.Complaint {
            #expect(try await complaint.evidence.get() == [UInt8](repeating: 4, count: 100))
        }
    }

    @Test("references inside large arguments and large results count like any others")
    func insideLarge() async throws {
        try await withCluster { test in
            let system = test.system
            let (one, two) = (try await system.shelf(), try await system.shelf())
            try await exchangeBales(one, two, system)
            #expect(try await one.sum() == 20)
            #expect(try await two.sum() == 20)
            try await one.drop()
            try await two.drop()
            try await system.expectNothingLeft()
        }
    }

    private func exchangeBales(_ one: Shelf, _ two: Shelf, _ system: ClusterSystem) async throws {
        let items = [try await system.bytes(10), try await one.make(10, of: 1, owner: .node)]
        let bale = Shelf.Bale(filling: [UInt8](repeating: 0, count: 300_000), items: items)
        #expect(try await one.open(bale) == 300_000)
        let other = try await one.bale(500_000)
        #expect(other.items == items)
        #expect(try await two.open(other) == 500_000)
    }
}
