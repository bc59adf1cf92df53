import MantaCore
@testable import MantaGCS
import Testing

struct DirectoryActorTableTests {
    @Test(
        "an actor that ended is no longer counted to its node, its process and its owner, which may live for years"
    )
    func leavesGroups() {
        var table = Directory.ActorTable(deadLimit: 1)
        let id = ActorID.spawned(1, cluster: 1)
        let (node, process) = (NodeID(1), ProcessID(1))
        let location = ActorLocation(
            process: process,
            endpoint: .unix(path: "/run/1"),
            lane: 1,
            epoch: 1,
            maxPendingCalls: 1
        )
        table.insert(
            ActorSpec(
                id: id,
                epoch: 1,
                mangledTypeName: "T",
                typeName: "T",
                arguments: [],
                options: ActorOptions(),
                job: driver
            ),
            owner: .job(ProcessID(2)),
            job: ProcessID(2)
        )
        table.place(id, on: node)
        table.start(id, at: location, operatingSystemID: 1, now: Moment(nanoseconds: 1))
        #expect(table.ids(on: node) == [id] && table.ids(in: process) == [id])
        #expect(table.ids(of: .job(ProcessID(2))) == [id])
        table.restart(id, .killed)
        #expect(table.ids(on: node).isEmpty && table.ids(in: process).isEmpty)
        #expect(table.ids(of: .job(ProcessID(2))) == [id])
        let ended = table.end(id, .stopped)
        #expect(ended?.id == id)
        #expect(table.ids(on: node).isEmpty && table.ids(in: process).isEmpty)
        #expect(table.ids(of: .job(ProcessID(2))).isEmpty)
    }
}
