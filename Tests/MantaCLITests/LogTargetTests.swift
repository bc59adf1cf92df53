import MantaCLI
import MantaCore
import Testing

@Suite("whose log is meant")
struct LogTargetTests {
    @Test("identifiers of nodes and jobs are told from names of actors")
    func kinds() {
        #expect(LogTarget("node-1f") == .node(NodeID(0x1f)))
        #expect(LogTarget("process-a0") == .job(ProcessID(0xa0)))
        #expect(LogTarget("job-a0") == .job(ProcessID(0xa0)))
        #expect(LogTarget.folder(of: ProcessID(0xa0)) == "job-a0")
        for text in ["actor-7", "hits", "node-", "node-xyz", "tenant/hits", "127.0.0.1:6380", "435e852c"] {
            #expect(LogTarget(text) == .name(text))
        }
    }

    @Test("programs in the background are meant by their name, or by that of their log")
    func programs() {
        for text in ["435e852c", "submit-435e852c", "submit-435e852c.log"] {
            #expect(LogTarget.programLog(text) == "submit-435e852c.log")
        }
        for text in ["", "hits", "435E852C", "0435e852c", "435e852c1", "../435e852c", "submit-", "node.log"] {
            #expect(LogTarget.programLog(text) == nil)
        }
    }

    private func actor(
        _ number: UInt64,
        _ name: String?,
        _ state: ActorInfo.State,
        namespace: String = "default"
    ) -> ActorInfo {
        ActorInfo(
            id: .spawned(number, cluster: 1),
            name: name,
            namespace: namespace,
            typeName: "Counter",
            state: state,
            node: nil,
            processID: nil,
            epoch: 1,
            restarts: 0,
            options: ActorOptions(),
            deathCause: nil
        )
    }

    @Test("an actor is found by its identifier or its name; of several the one that is alive, else the last")
    func find() {
        let actors = [
            actor(1, "hits", .dead), actor(2, "hits", .alive), actor(3, "hits", .alive, namespace: "tenant"),
            actor(4, "gone", .dead), actor(5, "gone", .dead), actor(6, nil, .alive),
        ]
        func number(_ text: String) -> ActorID? { LogTarget.actor(text, among: actors)?.id }
        #expect(number("actor-1") == actors[0].id)
        #expect(number("hits") == actors[1].id)
        #expect(number("default/hits") == actors[1].id)
        #expect(number("tenant/hits") == actors[2].id)
        #expect(number("gone") == actors[4].id)
        #expect(number("nobody") == nil)
    }
}
