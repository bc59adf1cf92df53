import MantaTestKit
import MantaTestSupport
import Testing

@Suite("ends that come at a bad time", .timeLimit(.minutes(10)))
struct ObjectOwnerEndTests {
    @Test(
        "an object whose owner ends while it is fetched does not stay behind where it was fetched to",
        arguments: [(TestCluster.Kind.inProcess, 40), (.processes, 12)]
    )
    func ownerEndsDuringPull(kind: TestCluster.Kind, rounds: Int) async throws {
        try await withLedger {
            try await withTestCluster(nodes: 2, kind) { test in
                let reader = try await test.depot(on: 1)
                for round in 0..<rounds { try await fetchWhileKilling(reader, round, test) }
                try await test.expectNothingLeft([reader])
            }
        }
    }

    private func fetchWhileKilling(_ reader: Depot, _ round: Int, _ test: TestCluster) async throws {
        let maker = try await test.depot(on: 0)
        var items: [Depot.Item] = []
        for seed in 0..<4 { items.append(try await maker.make(2_000, of: UInt64(seed))) }
        await withTaskGroup(of: Void.self) { group in
            for (seed, item) in items.enumerated() {
                group.addTask {
                    let error = await clusterError { _ = try await reader.check(item, of: UInt64(seed)) }
                    switch error?.code {
                    case nil, .ownerDied, .objectLost: break
                    default: Issue.record("\(String(describing: error))")
                    }
                }
            }
            group.addTask {
                // Sooner or later after the start, from round to round.
                for _ in 0..<round * 20 { await Task.yield() }
                let error = await clusterError { try await test.killWorker(of: maker) }
                #expect(error == nil)
            }
        }
    }

    @Test(
        "what is made for a caller is let go of when the caller has ended, however long it might have asked again",
        arguments: TestCluster.Kind.allCases
    )
    func callerEnds(kind: TestCluster.Kind) async throws {
        try await withLedger {
            try await withTestCluster(nodes: 2, kind) { test in
                let maker = try await test.depot(on: 1)
                // Cancelled; made while its caller ends; made long after.
                for (anyway, milliseconds) in [(false, 60_000), (true, 0), (true, 10), (true, 500)] {
                    try await orderInVain(from: maker, after: milliseconds, anyway: anyway, test)
                    try await test.expectNothingLeft([maker])
                }
            }
        }
    }

    private func orderInVain(
        from maker: Depot,
        after milliseconds: Int,
        anyway: Bool,
        _ test: TestCluster
    ) async throws {
        let buyer = try await test.depot(on: 0)
        try await buyer.keep([try await test.cluster.put(Depot.words(100, of: 1))])
        let before = (calls: try await maker.calls, turned: try await maker.turned)
        let order = Task {
            await clusterError {
                try await withCallOptions(timeout: .seconds(600)) {
                    _ = try await buyer.order(from: maker, after: milliseconds, anyway: anyway)
                }
            }
        }
        try await test.eventually { try await maker.calls > before.calls }
        try await test.killWorker(of: buyer)
        // It may have got it in time.
        if milliseconds > 10 { #expect(await order.value != nil) } else { _ = await order.value }
        if anyway { try await test.eventually { try await maker.turned > before.turned } }
    }
}
