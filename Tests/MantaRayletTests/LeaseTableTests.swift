import MantaCore
import MantaGCS
import MantaRaylet
import Testing

private func spec(_ number: UInt64, epoch: UInt32 = 1, _ resources: Resources = [.cpu: 1]) -> ActorSpec {
    ActorSpec(
        id: .spawned(number, cluster: 1),
        epoch: epoch,
        mangledTypeName: "T",
        typeName: "Counter",
        arguments: [],
        options: ActorOptions(resources: resources),
        job: ProcessID(0xd)
    )
}

private func key(_ number: UInt64, epoch: UInt32 = 1) -> ActorKey {
    ActorKey(.spawned(number, cluster: 1), epoch: epoch)
}

private func created(_ key: ActorKey) -> CreationAnswer {
    let location = ActorLocation(
        process: ProcessID(0xa),
        endpoint: .unix(path: "/run/a"),
        lane: 1,
        epoch: key.epoch,
        maxPendingCalls: 1
    )
    return .created(location, operatingSystemID: 100)
}

private let refused = CreationAnswer.refused(ClusterError(.notConnected, "no worker"))

/// What the table says is left to do, as text: answers are not `Equatable`.
extension LeaseTable {
    fileprivate mutating func create(_ number: UInt64, epoch: UInt32 = 1, _ resources: Resources = [.cpu: 1])
        -> String
    {
        switch create(spec(number, epoch: epoch, resources)) {
        case .build: "build"
        case .wait: "wait"
        case .answer(.created): "created"
        case .answer(.initFailed): "init failed"
        case .answer(.ended(let cause)): "ended: \(cause)"
        case .answer(.refused(let error)): "refused: \(error.message)"
        }
    }

    fileprivate mutating func end(_ number: UInt64, epoch: UInt32 = 1) -> OnEnd {
        end(key(number, epoch: epoch), .killed)
    }

    fileprivate mutating func built(_ number: UInt64, epoch: UInt32 = 1) -> OnBuilt {
        built(key(number, epoch: epoch), created(key(number, epoch: epoch)))
    }

    fileprivate mutating func start(_ number: UInt64, epoch: UInt32 = 1) {
        #expect(create(number, epoch: epoch) == "build")
        #expect(built(number, epoch: epoch) == .runs)
    }
}

private let fenced = "ended: \(DeathCause.fenced)"

struct LeaseTableTests {
    @Test(
        "an incarnation is built, runs, is taken away, and is gone; it holds its resources from first to last"
    )
    func life() {
        var table = LeaseTable(total: [.cpu: 2])
        #expect(table.create(1) == "build")
        #expect(table.available == [.cpu: 1] && table.all == [key(1)] && table.running.isEmpty)
        #expect(table.built(1) == .runs)
        #expect(table.running == [key(1)] && table[key(1)]?.ending == nil)
        #expect(table.end(1) == .takeAway)
        #expect(table.available == [.cpu: 1] && table[key(1)]?.ending == .killed)
        #expect(table.gone(key(1)) == true)
        #expect(table.available == [.cpu: 2] && table.count == 0 && table[key(1)] == nil)
    }

    @Test("each copy of an instruction gets the answer of the first")
    func duplicates() {
        var table = LeaseTable(total: [.cpu: 2])
        #expect(table.create(1) == "build" && table.create(1) == "wait")
        #expect(table.built(1) == .runs && table.create(1) == "created")
        #expect(table.end(1) == .takeAway && table.end(1) == .wait)
        #expect(table.gone(key(1)) == true && table.gone(key(1)) == false)
        #expect(table.end(1) == .nothing && table.create(1) == fenced)
        #expect(table.available == [.cpu: 2])
    }

    @Test("one that is ended while it is built is cut short, and does not run when it was built after all")
    func cutShort() {
        var table = LeaseTable(total: [.cpu: 1])
        #expect(table.create(1) == "build")
        #expect(table.end(1) == .cutShort && table.end(1) == .wait && table.create(1) == "wait")
        #expect(table.built(1) == .ends)
        #expect(table.running.isEmpty && table.available == [:])
        #expect(table.gone(key(1)) == true && table.create(1) == fenced)
    }

    @Test("one that cannot be built is to be taken away")
    func notBuilt() {
        var table = LeaseTable(total: [.cpu: 1])
        for (number, answer) in [refused, .ended(.outOfMemory)].enumerated() {
            let key = key(UInt64(number))
            #expect(table.create(UInt64(number)) == "build")
            #expect(table.built(key, answer) == .ends)
            #expect(table.available == [:] && table.running.isEmpty)
            #expect(table.gone(key) == true && table.available == [.cpu: 1])
        }
    }

    @Test("what there is no room for is refused, and holds nothing")
    func noRoom() {
        var table = LeaseTable(total: [.cpu: 1.5])
        #expect(table.create(1) == "build")
        #expect(
            table.create(2)
                == "refused: the node has [cpu: 0.5] left, and \(spec(2).label) asks for [cpu: 1]"
        )
        #expect(
            table.create(3, ["gpu": 1]).hasPrefix("refused")
                && table.create(4, [.cpu: -1]).hasPrefix("refused")
        )
        #expect(table.available == [.cpu: 0.5] && table.all == [key(1)])
        // Refused is not gone: the GCS may place it here again.
        #expect(table.gone(key(1)) == true && table.create(2) == "build")
    }

    @Test("an end that overtakes its create prevents it")
    func endFirst() {
        var table = LeaseTable(total: [.cpu: 1])
        #expect(table.end(1) == .nothing)
        #expect(table.create(1) == fenced && table.available == [.cpu: 1])
        #expect(table.create(1, epoch: 2) == "build")
    }

    @Test("an end prevents its create also while an earlier incarnation is here")
    func endFirstBesideOlder() {
        var table = LeaseTable(total: [.cpu: 2])
        table.start(1)
        #expect(table.end(1, epoch: 2) == .nothing && table.running == [key(1)])
        #expect(table.gone(key(1)) == true)
        #expect(table.create(1, epoch: 2) == fenced && table.create(1, epoch: 3) == "build")
    }

    @Test("the end of an earlier incarnation does not touch the present one")
    func staleEnd() {
        var table = LeaseTable(total: [.cpu: 1])
        table.start(1, epoch: 2)
        #expect(table.end(1, epoch: 1) == .nothing && table.gone(key(1, epoch: 1)) == false)
        #expect(table.running == [key(1, epoch: 2)] && table[key(1, epoch: 1)] == nil)
        #expect(table.create(1, epoch: 2) == "created")
        #expect(table.lease(of: key(1).id)?.spec.epoch == 2)
    }

    @Test("the next incarnation cannot be beside the last, and can follow it")
    func nextEpoch() {
        var table = LeaseTable(total: [.cpu: 2])
        table.start(1)
        #expect(table.create(1, epoch: 2).hasPrefix("refused: the node still has actor-1, epoch 1"))
        #expect(table.gone(key(1)) == true)
        #expect(table.create(1, epoch: 2) == "build" && table.create(1, epoch: 1) == fenced)
        #expect(table.gone(key(1, epoch: 2)) == true && table.create(1, epoch: 1) == fenced)
    }

    @Test("incarnations are listed by number, also those with a lane of their own")
    func listings() {
        var table = LeaseTable(total: [:])
        for number in [3, 1, 2] as [UInt64] {
            var spec = spec(number, [:])
            spec.id = .spawned(number, cluster: 1, hasOwnLane: number == 1)
            guard case .build = table.create(spec) else {
                Issue.record("\(number) is not built")
                continue
            }
            if number > 1 { #expect(table.built(spec.key, created(spec.key)) == .runs) }
        }
        #expect(table.all.map(\.id.serial) == [1, 2, 3] && table.running.map(\.id.serial) == [2, 3])
    }

    @Test("of what is gone the newest is remembered, whenever its actor was here first", arguments: [2, 5])
    func bound(_ limit: Int) {
        var table = LeaseTable(total: [.cpu: 1], goneLimit: limit)
        for number in 1...100 {
            // Actor 1000 comes back between the others.
            #expect(table.end(1_000, epoch: UInt32(number)) == .nothing)
            #expect(table.end(UInt64(number)) == .nothing)
            for known in max(1, number - limit + 2)...number {
                #expect(table.create(UInt64(known)) == fenced)
            }
            #expect(table.create(1_000, epoch: UInt32(number)) == fenced)
        }
        // And the oldest is not.
        #expect(table.create(1) == "build")
    }
}
