import Foundation
import MantaCLI
import MantaCore
@testable import MantaGCS
import Testing

@Suite("what status shows")
struct StatusReportTests {
    private let now = Timestamp(secondsSinceEpoch: 1_772_357_400)

    private var node: ClusterStatus.Node {
        var info = NodeInfo(
            id: NodeID(0x1f),
            address: "10.0.0.1:6379",
            state: .alive,
            labels: ["zone": "a"],
            total: [.cpu: 4, .memory: .gibibytes(8), "tpu": 2],
            available: [.cpu: 2.5, .memory: .gibibytes(8), "tpu": 2]
        )
        info.storeCapacity = 1 << 30
        info.storeUsed = 3 << 20
        return ClusterStatus.Node(info: info, actorCount: 3)
    }

    private func status(
        demands: [ClusterStatus.Demand] = [],
        failures: [ClusterStatus.Failure] = []
    ) -> ClusterStatus {
        ClusterStatus(
            cluster: 0xabc,
            version: "1.2.3",
            uptime: .seconds(7_265),
            storage: "memory",
            headAddress: "10.0.0.1:6379",
            nodes: [node],
            actors: Directory.ActorCounts(pending: 2, alive: 3),
            driverCount: 1,
            demands: demands,
            failures: failures
        )
    }

    @Test("a cluster at rest is shown with nothing pending and nothing failed")
    func rest() {
        let report = StatusReport(status(), now: now)
        #expect(
            report.lines == [
                "Cluster abc, head at 10.0.0.1:6379",
                "  up 2 h 1 min, version 1.2.3, directory in memory",
                "  3 actors alive, 2 pending; 1 driver",
                "",
                "Nodes: 1",
                "  NODE     ADDRESS        STATE        ACTORS    CPU     MEMORY        STORE  OTHER    LABELS",
                "  node-1f  10.0.0.1:6379  alive, head       3  1.5/4  0 B/8 GiB  3 MiB/1 GiB  tpu 0/2  zone=a",
                "",
                "Used",
                "  cpu 1.5/4",
                "  memory 0 B/8 GiB",
                "  tpu 0/2",
                "  object store 3 MiB/1 GiB",
                "",
                "Pending demand: none",
                "",
                "Recent failures: none",
            ]
        )
    }

    @Test("what waits and what failed is told with reasons and times, the newest ten failures")
    func trouble() {
        let demand = ClusterStatus.Demand(
            resources: [.cpu: 4, .memory: .gibibytes(1)],
            placement: .labels(["zone": "b"]),
            count: 12,
            waited: .seconds(4),
            patience: .seconds(26),
            reason: "node-1f lacks cpu: 1.5 of 4 (it now has 2.5)"
        )
        let failures = (0..<12).map { index in
            ClusterStatus.Failure(
                age: .seconds(60 * index),
                subject: index == 0
                    ? .worker(operatingSystemID: 4_711, on: NodeID(0x1f))
                    : .actor(.spawned(7, cluster: 1), typeName: "Counter", name: "hits"),
                cause: index == 0 ? .crashed(signal: 11, lastOutput: []) : .initFailed("no"),
                actorCount: index == 0 ? 2 : 1
            )
        }
        let lines = StatusReport(status(demands: [demand], failures: failures), now: now).lines
        #expect(
            lines.contains(
                "  12 × cpu 4, memory 1 GiB on nodes with zone=b: waits for 4 s, for 26 s more; "
                    + "node-1f lacks cpu: 1.5 of 4 (it now has 2.5)"
            )
        )
        #expect(
            lines.contains(
                "  2026-03-01 09:30:00  worker process 4711 on node-1f, with 2 actors: its worker process was ended "
                    + "by signal 11 (SIGSEGV)"
            )
        )
        #expect(lines.contains("  2026-03-01 09:29:00  actor Counter \"hits\" (actor-7): its init threw: no"))
        #expect(lines.last == "  and 2 before that: see --json")
    }

    @Test("as JSON it says the same in numbers that every reader has")
    func json() throws {
        let report = StatusReport(status(), now: now)
        let data = try JSONEncoder().encode(report)
        #expect(try JSONDecoder().decode(StatusReport.self, from: data) == report)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["cluster"] as? String == "abc")
        #expect((object["available"] as? [String: Any])?["cpu"] as? Double == 2.5)
        #expect((object["nodes"] as? [[String: Any]])?.first?["storeUsed"] as? Int == 3 << 20)
    }
}
