import Foundation
import MantaCore
import MantaRuntime
import Manta
import MantaGCS
import MantaTestKit
import MantaTestSupport
import MantaTransport
import Testing

@Suite("objects on their way between nodes that fail", .timeLimit(.minutes(10)))
struct ObjectFaultTests {
    private static let never = Duration.seconds(600)
    /// So large that it is on its way for some time: 64 MiB.
    private static let largeCount = 8 << 20

    @Test(
        "a node that is killed while it sends ends the objects of its processes",
        arguments: TestCluster.Kind.allCases
    )
    func sourceKilled(kind: TestCluster.Kind) async throws {
        try await withLedger {
            try await withTestCluster(nodes: 2, kind) { test in
                let reader = try await test.depot(on: 0)
                try await killWhileReading(reader, test)
                try await test.expectNothingLeft([reader])
            }
        }
    }

    private func killWhileReading(_ reader: Depot, _ test: TestCluster) async throws {
        let maker = try await test.depot(on: 1)
        // On a machine that has much else to do, a build without optimization takes its time over 64 MiB.
        let item = try await withCallOptions(timeout: .seconds(300)) {
            try await maker.make(Self.largeCount, of: 1)
        }
        let reading = Task { await clusterError { _ = try await reader.check(item, of: 1) } }
        try await test.eventually { try await hasBegun(item, test) }
        try await test.nodes[1].kill()
        // It may have come just before that.
        if let error = await reading.value { #expect(error.code == .ownerDied || error.code == .objectLost) }
        try await test.eventually {
            await clusterError { _ = try await reader.check(item, of: 1) }?.code == .ownerDied
        }
    }

    private func hasBegun(_ item: Depot.Item, _ test: TestCluster) async throws -> Bool {
        try await test.cluster.objects().count { $0.id == item.id } == 2
    }

    @Test(
        "when one of several sources is killed, the object comes from another",
        arguments: TestCluster.Kind.allCases
    )
    func oneSourceKilled(kind: TestCluster.Kind) async throws {
        try await withLedger {
            try await withTestCluster(nodes: 3, kind) { test in
                let depots = [
                    try await test.depot(on: 0), try await test.depot(on: 1), try await test.depot(on: 2),
                ]
                try await loseCopy(depots, test)
                try await test.expectNothingLeft([depots[0], depots[2]])
            }
        }
    }

    private func loseCopy(_ depots: [Depot], _ test: TestCluster) async throws {
        let item = try await depots[0].make(100_000, of: 3)
        #expect(try await depots[1].check(item, of: 3))
        try await test.nodes[1].kill()
        #expect(try await depots[2].check(item, of: 3))
        #expect(try await item.withSpan { Depot.isRight($0, of: 3) })
    }

    @Test(
        "a read from a node that is paused ends at its deadline, and goes on when that is resumed",
        arguments: TestCluster.Kind.allCases
    )
    func sourcePaused(kind: TestCluster.Kind) async throws {
        try await withLedger {
            try await withTestCluster(nodes: 2, kind, grace: Self.never) { test in
                let reader = try await test.depot(on: 0)
                try await readFromPaused(reader, test)
                try await test.expectNothingLeft([reader])
            }
        }
    }

    private func readFromPaused(_ reader: Depot, _ test: TestCluster) async throws {
        let maker = try await test.depot(on: 1)
        let item = try await maker.make(100_000, of: 1)
        try await test.nodes[1].pause()
        let error = await clusterError { _ = try await item.get(timeout: .milliseconds(500)) }
        #expect(error?.code == .timedOut)
        let late = Task { try await reader.check(item, of: 1) }
        let cancelled = Task { try await item.get() }
        cancelled.cancel()
        let result = await cancelled.result
        #expect(throws: CancellationError.self) { try result.get() }
        try await test.nodes[1].resume()
        #expect(try await late.value)
        #expect(try await item.get() == Depot.words(100_000, of: 1))
    }

    @Test("a node that cannot be reached for a moment is asked again: the object is not lost")
    func unreachable() async throws {
        try await withTestCluster(nodes: 2, .inProcess, grace: Self.never) { test in
            let maker = try await test.depot(on: 1)
            let item = try await maker.make(100_000, of: 1)
            let options = test.cluster.options
            let own = "\(options.socketPath(of: test.cluster.process))-objects-0"
            let sockets = try FileManager.default.contentsOfDirectory(atPath: options.directory)
                .map { "\(options.directory)/\($0)" }
                .filter { $0.hasSuffix("-objects-0") && $0 != own }
            for socket in sockets { try #require(rename(socket, "\(socket)-away") == 0) }
            let error = await clusterError { _ = try await item.get(timeout: .milliseconds(300)) }
            #expect(error?.code == .timedOut)
            for socket in sockets { try #require(rename("\(socket)-away", socket) == 0) }
            #expect(try await item.get() == Depot.words(100_000, of: 1))
        }
    }

    @Test(
        "a read across a partition ends at its deadline, or after the healing",
        arguments: TestCluster.Kind.allCases
    )
    func partition(kind: TestCluster.Kind) async throws {
        try await withLedger {
            try await withTestCluster(nodes: 3, kind, silence: .milliseconds(500), grace: Self.never) {
                test in
                let depots = [try await test.depot(on: 1), try await test.depot(on: 2)]
                try await readAcross(depots, test)
                try await test.expectNothingLeft(depots)
            }
        }
    }

    private func readAcross(_ depots: [Depot], _ test: TestCluster) async throws {
        let item = try await depots[1].make(100_000, of: 1)
        try await depots[0].keep([item])
        try await test.partition([1], from: [2])
        let error = await clusterError {
            try await withCallOptions(timeout: .seconds(1)) { _ = try await depots[0].checkKept(of: 1) }
        }
        #expect(error?.code == .timedOut)
        let late = Task { try await depots[0].checkKept(of: 1) }
        // The other side reads it as ever.
        #expect(try await item.withSpan { Depot.isRight($0, of: 1) })
        try await test.heal()
        #expect(try await late.value)
        try await depots[0].drop()
    }

    @Test(
        "a call with a large argument whose callee's node dies leaves nothing",
        arguments: TestCluster.Kind.allCases
    )
    func calleeKilled(kind: TestCluster.Kind) async throws {
        try await withLedger {
            try await withTestCluster(nodes: 2, kind) { test in
                try await killCallee(test)
                try await test.expectNothingLeft()
            }
        }
    }

    private func killCallee(_ test: TestCluster) async throws {
        let depot = try await test.depot(on: 1)
        let item = try await test.cluster.put(Depot.words(1000, of: 1))
        let parcel = Depot.Parcel(words: Depot.words(1 << 20, of: 2), items: [item])
        let calls = [0, 60_000, 60_000].map { delay in
            Task { await clusterError { _ = try await depot.turn(parcel, after: delay) } }
        }
        try await test.eventually { try await depot.calls > 0 }
        try await test.nodes[1].kill()
        for call in calls {
            guard let error = await call.value else { continue }
            switch error.code {
            case .actorDied(.nodeDied(test.nodes[1].id)), .notConnected: break
            // It was done when the node died, and its result was on the way.
            case .objectLost, .ownerDied: #expect(error.outcome == .executed)
            default: Issue.record("\(error)")
            }
        }
    }

    @Test(
        "retried calls carry references both ways while links are cut again and again",
        arguments: TestCluster.Kind.allCases
    )
    func retries(kind: TestCluster.Kind) async throws {
        try await withLedger {
            try await withTestCluster(nodes: 2, kind) { test in
                let depots = [try await test.depot(on: 0), try await test.depot(on: 1)]
                try await callWhileCutting(depots, test)
                try await test.expectNothingLeft(depots)
            }
        }
    }

    private func callWhileCutting(_ depots: [Depot], _ test: TestCluster) async throws {
        let processes = try await workerProcesses(of: depots, test)
        let isDone = Shared(false)
        let cutting = Task {
            while !isDone.value {
                for process in processes { test.cluster.closeLinks(to: process, "the test says so") }
                try await Task.sleep(for: .milliseconds(15))
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    for step in 0..<7 {
                        try await withCallOptions(retries: 1000, retryUnknown: false) {
                            try await self.goRound(depots[task % 2], depots[(task + 1) % 2], UInt64(step))
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        isDone.change { $0 = true }
        try await cutting.value
    }

    private func goRound(_ one: Depot, _ other: Depot, _ seed: UInt64) async throws {
        let made = try await one.make(1000, of: seed)
        let own = try await one.actorSystem.put(Depot.words(20_000, of: seed))
        #expect(try await other.check(made, of: seed))
        let back = try await other.echo([made, own])
        #expect(back == [made, own])
        for item in back { #expect(try await item.withSpan { Depot.isRight($0, of: seed) }) }
        let parcel = Depot.Parcel(words: Depot.words(20_000, of: seed), items: [made, own])
        let turned = try await one.turn(parcel, after: 20)
        #expect(turned.words == parcel.words)
        for item in turned.items { #expect(try await item.withSpan { Depot.isRight($0, of: seed) }) }
        #expect(try await other.large(20_000, of: seed) == parcel.words)
    }

    private func workerProcesses(of depots: [Depot], _ test: TestCluster) async throws -> [ProcessID] {
        let gcs = test.head.gcs
        var processes: [ProcessID] = []
        for depot in depots {
            let id = depot.id
            let fate = try await withTaskExecutorPreference(test.cluster.control.tasks) {
                try await gcs.fate(of: id)
            }
            if case .alive(let location) = fate { processes.append(location.process) }
        }
        return processes
    }
}
