import MantaCLI
import MantaCore
import MantaTestSupport
import Testing

@Suite("where a node listens")
struct NetworkChoiceTests {
    private let machine = NetworkChoice.Machine(
        toward: { $0.host == "10.0.0.1" ? "10.0.0.7" : nil },
        first: { "192.168.1.5" }
    )
    private let head = NodeAddress(host: "10.0.0.1", port: 6379)

    @Test("a head listens for its own machine, unless it is told otherwise")
    func headAlone() throws {
        let choice = try NetworkChoice(bind: nil, advertised: nil, head: nil, machine: machine)
        #expect(choice.bind == "127.0.0.1")
        #expect(choice.advertised == nil)
        #expect(choice.isLocal)
    }

    @Test("a head that listens everywhere is reached by its first address", arguments: ["0.0.0.0", "::"])
    func headEverywhere(bind: String) throws {
        let choice = try NetworkChoice(bind: bind, advertised: nil, head: nil, machine: machine)
        #expect(choice.advertised == "192.168.1.5")
        #expect(!choice.isLocal)
    }

    @Test("a node listens where it reaches the head from")
    func node() throws {
        let choice = try NetworkChoice(bind: nil, advertised: nil, head: head, machine: machine)
        #expect(choice.bind == "10.0.0.7")
        #expect(choice.advertised == nil)
    }

    @Test("a node that listens everywhere is reached where it reaches the head from")
    func nodeEverywhere() throws {
        let choice = try NetworkChoice(bind: "0.0.0.0", advertised: nil, head: head, machine: machine)
        #expect(choice.advertised == "10.0.0.7")
    }

    @Test("what was said counts")
    func told() throws {
        let choice = try NetworkChoice(
            bind: "0.0.0.0",
            advertised: "node7.example",
            head: head,
            machine: machine
        )
        #expect(choice.bind == "0.0.0.0")
        #expect(choice.advertised == "node7.example")
    }

    @Test("a name of this machine alone is what keeps others away, where they could reach the address")
    func localName() throws {
        func name(_ bind: String?, _ advertised: String?) throws -> String? {
            try NetworkChoice(bind: bind, advertised: advertised, head: nil, machine: machine).localName
        }
        #expect(try name("0.0.0.0", "localhost") == "localhost")
        #expect(try name("10.0.0.7", "127.0.0.1") == "127.0.0.1")
        #expect(try name(nil, "localhost") == nil)
        #expect(try name("0.0.0.0", "node7.example") == nil)
        #expect(try name("0.0.0.0", nil) == nil)
    }

    @Test("names, unknown ways, and machines without addresses are refused with a remedy")
    func refused() async throws {
        let alone = NetworkChoice.Machine(toward: { _ in nil }, first: { nil })
        let name = await clusterError { _ = try NetworkChoice(bind: "localhost", advertised: nil, head: nil) }
        #expect(name?.hint?.contains("--bind") == true)
        let lost = await clusterError {
            _ = try NetworkChoice(bind: nil, advertised: nil, head: head, machine: alone)
        }
        #expect(lost?.code == .notConnected)
        let bare = await clusterError {
            _ = try NetworkChoice(bind: "0.0.0.0", advertised: nil, head: nil, machine: alone)
        }
        #expect(bare?.hint?.contains("--advertise") == true)
    }

    @Test("this machine reaches itself by its loopback address")
    func thisMachine() {
        #expect(LocalAddress.toward(NodeAddress(host: "127.0.0.1", port: 1)) == "127.0.0.1")
        #expect(LocalAddress.toward(NodeAddress(host: "no.such.host.invalid", port: 1)) == nil)
        #expect(LocalAddress.first().map(LocalAddress.isLoopback) != true)
    }
}
