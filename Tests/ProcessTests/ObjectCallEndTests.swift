import Distributed
import Glibc
import Manta
import MantaTestSupport
import Testing

@Suite("references of calls that end early", .timeLimit(.minutes(10)))
struct ObjectCallEndTests {
    /// How a call ends while its actor is busy with another one.
    enum Early: CaseIterable { case deadline, cancellation }

    @Test(
        "a call that is given up while it waits in line lets go of its references",
        arguments: Early.allCases
    )
    func givenUpInLine(early: Early) async throws {
        try await withCluster { test in
            let system = test.system
            let gate = ScratchFile()
            let shelf = try await system.shelf(concurrency: .serial)
            let path = gate.path
            let busy = Task { try await shelf.wait(for: path) }
            try await eventually { system.openCallCount > 0 }
            try await giveUp(shelf, early, system)
            // Nothing else happens in this process that would remind it.
            try await system.expectNothingLeft()
            gate.create()
            try await busy.value
            #expect(try await shelf.count == 0)
        }
    }

    private func giveUp(_ shelf: Shelf, _ early: Early, _ system: ClusterSystem) async throws {
        let items = [try await system.bytes(10), try await system.bytes(200_000)]
        let bale = Shelf.Bale(filling: [UInt8](repeating: 0, count: 300_000), items: items)
        switch early {
        case .deadline:
            let error = await clusterError {
                try await withCallOptions(timeout: .milliseconds(200)) { try await shelf.keep(items) }
            }
            #expect(error?.code == .timedOut)
            let other = await clusterError {
                try await withCallOptions(timeout: .milliseconds(200)) { _ = try await shelf.open(bale) }
            }
            #expect(other?.code == .timedOut)
        case .cancellation:
            let calls = [Task { try await shelf.keep(items) }, Task { _ = try await shelf.open(bale) }]
            try await eventually { system.openCallCount >= 3 }
            for call in calls {
                call.cancel()
                let result = await call.result
                #expect(throws: CancellationError.self) { try result.get() }
            }
        }
    }

    @Test("a result with references that comes after its call was given up is freed")
    func lateResult() async throws {
        try await withCluster { test in
            let system = test.system
            let gate = ScratchFile()
            let shelf = try await system.shelf()
            try await giveUpHolding(shelf, gate, system)
            try await system.expectNothingLeft()
        }
    }

    private func giveUpHolding(_ shelf: Shelf, _ gate: ScratchFile, _ system: ClusterSystem) async throws {
        let made = try await shelf.make(10, of: 1, owner: .process)
        let error = await clusterError {
            try await withCallOptions(timeout: .milliseconds(200)) {
                _ = try await shelf.hold([made, try await system.bytes(10)], until: gate.path)
            }
        }
        #expect(error?.code == .timedOut)
        gate.create()
    }

    @Test("a large result is good however long its caller is busy with other things when it comes")
    func busyCaller() async throws {
        try await withCluster { test in
            let system = test.system
            let (gate, end) = (ScratchFile(), ScratchFile())
            let (caller, maker) = (try await system.shelf(), try await system.shelf())
            let (path, endPath) = (gate.path, end.path)
            let fetch = Task { try await caller.fetch(1 << 20, from: maker, at: path) }
            try await eventually { access(Shelf.begun(path), F_OK) == 0 }
            let block = Task { try await caller.block(until: endPath) }
            try await eventually { access(Shelf.begun(endPath), F_OK) == 0 }
            gate.create()
            try await letReferencesBeAskedBack(system)
            end.create()
            try await block.value
            #expect(try await fetch.value == 1 << 20)
            try await system.expectNothingLeft()
        }
    }

    /// Returns long past the time after which references of calls that have ended are asked back, with others coming and
    /// going.
    private func letReferencesBeAskedBack(_ system: ClusterSystem) async throws {
        let end = ContinuousClock.now + .seconds(7)
        let other = try await system.shelf(.shared)
        try await eventually {
            _ = try await other.echo([try await system.bytes(10)])
            return ContinuousClock.now > end
        }
    }

    @Test("one-way calls carry references, and hold them until the method has taken them")
    func oneWay() async throws {
        try await withCluster { test in
            let system = test.system
            let shelf = try await system.shelf()
            for byte in 1...50 {
                try await withCallOptions(reply: .ignored) {
                    try await shelf.note(try await system.bytes(10, of: UInt8(byte)))
                }
            }
            #expect(try await shelf.count == 50)
            #expect(try await shelf.sum() == 50 * 51 / 2 * 10)
            try await shelf.drop()
            try await system.expectNothingLeft()
        }
    }

    @Test("references of a one-way call that waits in line for long are good when its turn comes")
    func oneWayInLine() async throws {
        try await withCluster { test in
            let system = test.system
            let gate = ScratchFile()
            let shelf = try await system.shelf(concurrency: .serial)
            let path = gate.path
            let busy = Task { try await shelf.wait(for: path) }
            try await eventually { system.openCallCount > 0 }
            try await withCallOptions(reply: .ignored) { try await shelf.note(try await system.bytes(10)) }
            try await letReferencesBeAskedBack(system)
            gate.create()
            try await busy.value
            #expect(try await shelf.sum() == 10)
            try await shelf.drop()
            try await system.expectNothingLeft()
        }
    }

    @Test("a one-way call takes large arguments along, and refuses what no frame holds")
    func largeOneWay() async throws {
        try await withCluster({ $0.frameLimit = 4 << 20 }) { test in
            let system = test.system
            let shelf = try await system.shelf()
            let error = try await withCallOptions(reply: .ignored) {
                try await shelf.swallow([UInt8](repeating: 1, count: 3 << 20))
                return await clusterError { try await shelf.swallow([UInt8](repeating: 1, count: 5 << 20)) }
            }
            #expect(error?.code == .invalidArgument)
            #expect(error?.outcome == .notExecuted)
            #expect(try await shelf.weigh([UInt8](repeating: 1, count: 5 << 20)) == 5 << 20)
            try await system.expectNothingLeft()
        }
    }

    @Test("a program that shuts down with references in hand loses them, and nothing else")
    func shutdown() async throws {
        let kept = Shared<[Shelf.Item]>([])
        let outer = Shared<[ObjectRef<Holder.Parcel>]>([])
        try await withCluster { test in
            let system = test.system
            let shelf = try await system.shelf()
            let items = [
                try await system.bytes(10), try await system.bytes(10, owner: .node),
                try await shelf.make(10, of: 1, owner: .process), try await system.bytes(100_000),
            ]
            try await shelf.keep(items)
            kept.change { $0 = items }
            let parcel = try await system.put(try await parcel(of: system))
            outer.change { $0 = [parcel] }
        }
        let items = kept.value
        kept.change { $0 = [] }
        let first = try #require(items.first)
        #expect(await clusterError { _ = try await first.get() }?.code == .notConnected)
        #expect(Set(items).count == 4)
    }

    /// With references that nobody else has.
    private func parcel(of system: ClusterSystem) async throws -> Holder.Parcel {
        Holder.Parcel(label: "outer", items: [try await system.bytes(10), try await system.bytes(20)])
    }
}
