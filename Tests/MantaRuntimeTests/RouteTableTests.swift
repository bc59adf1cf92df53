import MantaCore
import MantaTransport
import Testing

@testable import MantaRuntime

@Suite("the ways to actors that a process knows")
struct RouteTableTests {
    /// A way over a link with a number.
    private final class Way: ActorRoute {
        let actor: ActorID
        let location: ActorLocation
        let link: Int

        init(_ actor: ActorID, in process: UInt64 = 1, epoch: UInt32 = 1, over link: Int = 1) {
            self.actor = actor
            self.link = link
            let process = ProcessID(process)
            let endpoint = Endpoint.unix(path: "\(process)")
            location = ActorLocation(
                process: process,
                endpoint: endpoint,
                lane: 0,
                epoch: epoch,
                maxPendingCalls: 1
            )
        }

        func leadsAs(_ other: Way) -> Bool { link == other.link && location == other.location }
    }

    private let actor = ActorID.spawned(7, cluster: 1)
    private var table = RouteTable<Way>()

    @Test("of two that were found at once the first is kept, of two links the newer")
    mutating func first() {
        let first = Way(actor)
        #expect(table.keep(first) === first && table.keep(Way(actor)) === first)
        let other = Way(actor, over: 2)
        #expect(table.keep(other) === other && table[actor] === other)
        table.drop(first)
        #expect(table[actor] === other)
        table.drop(other)
        #expect(table[actor] == nil)
    }

    @Test("a way to an older incarnation is not taken, whenever its link is made")
    mutating func replaced() {
        let old = Way(actor)
        let new = Way(actor, in: 2, epoch: 2, over: 2)
        #expect(table.keep(old) === old && table.keep(new) === new)
        #expect(table.keep(Way(actor)) == nil && table[actor] === new)
        // Nor when the link to the newer one is lost.
        table.dropAll { $0.link == 2 }
        #expect(table[actor] == nil && table.keep(Way(actor)) == nil && table[actor] == nil)
        let again = Way(actor, in: 2, epoch: 2, over: 3)
        #expect(table.keep(again) === again)
        table.forget(actor)
        #expect(table.keep(old) === old)
    }

    @Test("other actors, and those of the system, have nothing to do with that")
    mutating func others() {
        let system = Way(.system(0, process: ProcessID(1)), epoch: 0)
        #expect(table.keep(Way(actor, epoch: 5)) != nil)
        #expect(table.keep(system) === system)
        let other = Way(ActorID.spawned(8, cluster: 1))
        #expect(table.keep(other) === other)
    }
}
