import MantaCLI
import Testing

@Suite("what start tells")
struct StartSummaryTests {
    private func summary(
        _ kind: StartSummary.Kind,
        heads: [String] = ["10.0.0.1:6379"],
        isLocal: Bool = false,
        localName: String? = nil,
        secret: String? = "/home/ada/secret"
    ) -> String {
        StartSummary(
            kind: kind,
            address: "10.0.0.1:6379",
            heads: heads,
            isLocal: isLocal,
            localName: localName,
            directory: "/home/ada/node",
            logPath: "/home/ada/node/logs/node.log",
            secret: secret,
            processID: 7
        ).lines.joined(separator: "\n")
    }

    @Test("a head says how others join, by its secret or by certificates")
    func joining() {
        let head = summary(.newHead)
        #expect(head.contains("The head of a new cluster runs at 10.0.0.1:6379."))
        #expect(head.contains("manta start --address 10.0.0.1:6379 --secret-file manta-secret"))
        let certified = summary(.head, secret: nil)
        #expect(certified.contains("--tls-cert FILE"))
        #expect(!certified.contains("secret"))
    }

    @Test("a head for one machine says how it would be for others")
    func local() {
        let head = summary(.newHead, isLocal: true)
        #expect(head.contains("--bind 0.0.0.0"))
        #expect(!head.contains("--secret-file"))
    }

    @Test("a head whose advertised name is for one machine alone says that this is why")
    func localName() {
        let head = summary(.newHead, isLocal: true, localName: "localhost")
        #expect(head.contains("--advertise localhost names this machine alone"))
        #expect(!head.contains("--bind"))
    }

    @Test("where there may be several heads, nodes and programs are told all")
    func candidates() {
        let heads = ["10.0.0.1:6379", "10.0.0.2:6379"]
        let candidate = summary(.candidate, heads: heads)
        #expect(candidate.contains("manta start --address 10.0.0.1:6379,10.0.0.2:6379 "))
        #expect(candidate.contains("export MANTA_ADDRESS=10.0.0.1:6379,10.0.0.2:6379"))
        #expect(summary(.node, heads: heads).contains("of the cluster at 10.0.0.1:6379, 10.0.0.2:6379."))
    }
}
