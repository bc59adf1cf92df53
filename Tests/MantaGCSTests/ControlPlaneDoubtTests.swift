import MantaCore
@testable import MantaGCS
import Testing

private let restarting = ActorOptions(restarts: .always, placement: .node(otherNode))

@Suite("A head that may be cut off")
struct ControlPlaneDoubtTests {
    /// Node 1 is on the head's machine, nodes 2 and 3 are on two others; actor 1 is on node 2.
    private func makeRun() throws -> PlaneScript {
        var run = PlaneScript(nodes: [:])
        run.driverJoins(driver)
        #expect(run.nodeJoins(2, on: "a") == ["node-2 accepted"])
        #expect(run.nodeJoins(3, on: "b") == ["node-3 accepted"])
        try run.start(restarting, in: ProcessID(0xb))
        return run
    }

    private func loseAll(_ run: inout PlaneScript) {
        #expect(run.linkLost(otherNode) == ["node-2: probe"])
        #expect(run.linkLost(NodeID(3)) == ["node-3: probe"])
    }

    @Test("actors on machines that were all lost at once stay where they are, and calls to them wait")
    func stays() throws {
        var run = try makeRun()
        loseAll(&run)
        #expect(run.pass(.seconds(3)) == ["the head doubts itself"] && run.patience == nil)
        #expect(run.pass(.seconds(1_000)) == [])
        #expect(run.fate(of: 1) == .alive(location(in: ProcessID(0xb))))
        #expect(run.nodeJoins(3, on: "b") == ["the head is heard", "node-3 accepted"])
        #expect(run.nodeJoins(2, hosted: [key(1)], on: "a") == ["node-2 accepted"])
        #expect(run.pass(.seconds(1_000)) == [])
        #expect(run.fate(of: 1) == .alive(location(in: ProcessID(0xb))))
    }

    @Test("a machine that does not come back with the others is dead when its time is over")
    func oneIsDead() throws {
        var run = try makeRun()
        loseAll(&run)
        _ = run.pass(.seconds(100))
        _ = run.nodeJoins(3, on: "b")
        #expect(run.patience == .seconds(3))
        #expect(run.pass(.seconds(3)).contains("actor-1 restarting"))
    }

    @Test("a head that starts again and hears nobody waits for nodes and drivers until it hears somebody")
    func restart() throws {
        var run = try makeRun()
        _ = try run.headRestarts()
        #expect(run.nodeJoins(1) == ["node-1 accepted"])
        #expect(run.pass(.seconds(10)) == ["the head doubts itself"])
        #expect(run.pass(.seconds(1_000)) == [] && run.patience == nil)
        #expect(run.plane.directory.process(driver)?.deathCause == nil)
        #expect(run.nodeJoins(2, hosted: [key(1)], on: "a") == ["the head is heard", "node-2 accepted"])
        run.driverJoins(driver)
        _ = run.nodeJoins(3, on: "b")
        #expect(run.pass(.seconds(10)) == [])
        #expect(run.fate(of: 1) == .alive(location(in: ProcessID(0xb))))
    }

    @Test("members are found by where they are")
    func places() throws {
        var run = try makeRun()
        let place = Endpoint.node(NodeAddress(host: "a", port: 6379))
        #expect(run.plane.machine(of: otherNode) == "a" && run.plane.machine(of: node) == nil)
        #expect(run.plane.nodes(at: place) == [otherNode])
        _ = run.nodeJoins(4, on: "a")
        #expect(run.plane.nodes(at: place) == [otherNode, NodeID(4)])
        _ = run.nodeDies(otherNode)
        #expect(run.plane.nodes(at: place) == [NodeID(4)])
    }
}
