import MantaCore
import MantaGCS
import Testing

struct MembershipTests {
    @Test("a node is new once, and again whenever it registers after that")
    func joins() {
        var membership = Membership()
        #expect(!membership.isMember(node))
        #expect(
            membership.joined(node, now: origin) == .new && membership.joined(node, now: origin) == .again
        )
        #expect(membership.isMember(node) && membership.nextDeadline == nil)
    }

    @Test("a node that lost its link is suspect until it registers again")
    func comesBack() {
        var membership = Membership(grace: .seconds(3))
        #expect(membership.joined(node, now: origin) == .new)
        #expect(membership.linkLost(node, now: origin) == true)
        #expect(membership.isMember(node) && membership.nextDeadline == origin + .seconds(3))
        #expect(membership.joined(node, now: origin) == .again)
        #expect(membership.nextDeadline == nil && membership.overdue(at: .distantFuture).isEmpty)
    }

    @Test("a second link that is lost does not give a suspect node more time")
    func suspectOnce() {
        var membership = Membership(grace: .seconds(3))
        #expect(membership.joined(node, now: origin) == .new)
        #expect(membership.linkLost(node, now: origin) == true)
        #expect(membership.linkLost(node, now: origin + .seconds(2)) == false)
        #expect(membership.nextDeadline == origin + .seconds(3))
    }

    @Test("suspect nodes are overdue when their time is over, by number")
    func overdue() {
        var membership = Membership(grace: .seconds(3))
        for id in [3, 1, 2, 4] as [UInt64] {
            #expect(membership.joined(NodeID(id), now: origin) == .new)
            #expect(membership.linkLost(NodeID(id), now: origin + .seconds(id == 4 ? 1 : 0)) == true)
        }
        #expect(membership.nextDeadline == origin + .seconds(3))
        #expect(membership.overdue(at: origin + .milliseconds(2_999)).isEmpty)
        #expect(membership.overdue(at: origin + .seconds(3)) == [NodeID(1), NodeID(2), NodeID(3)])
    }

    @Test("a failed probe counts only while the node is suspect")
    func probe() {
        var membership = Membership()
        #expect(membership.joined(node, now: origin) == .new)
        #expect(membership.probeFailed(node, now: origin) == false && membership.isMember(node))
        #expect(membership.linkLost(node, now: origin) == true)
        #expect(membership.probeFailed(node, now: origin) == true && !membership.isMember(node))
        #expect(
            membership.probeFailed(node, now: origin) == false
                && membership.probeFailed(otherNode, now: origin) == false
        )
    }

    @Test("a dead node is fenced whenever it comes back, and dies only once")
    func fenced() {
        var membership = Membership()
        #expect(membership.joined(node, now: origin) == .new)
        #expect(
            membership.declareDead(node, now: origin) == true
                && membership.declareDead(node, now: origin) == false
        )
        #expect(
            membership.joined(node, now: origin) == .fenced && membership.joined(node, now: origin) == .fenced
        )
        #expect(!membership.isMember(node) && membership.linkLost(node, now: origin) == false)
        #expect(membership.nextDeadline == nil)
    }

    @Test("a node that never joined is no member, whatever is said of it")
    func stranger() {
        var membership = Membership()
        #expect(
            membership.linkLost(node, now: origin) == false
                && membership.declareDead(node, now: origin) == false
        )
        #expect(membership.joined(node, now: origin) == .new)
    }

    @Test("of the dead nodes the newest are remembered")
    func bound() {
        var membership = Membership(deadLimit: 2)
        for id in 1...3 as ClosedRange<UInt64> {
            #expect(
                membership.joined(NodeID(id), now: origin) == .new
                    && membership.declareDead(NodeID(id), now: origin) == true
            )
        }
        #expect(
            membership.joined(NodeID(3), now: origin) == .fenced
                && membership.joined(NodeID(2), now: origin) == .fenced
        )
        #expect(membership.joined(NodeID(1), now: origin) == .new)
    }
}

@Suite("A head that loses its machines")
struct MembershipDoubtTests {
    /// Nodes 1, 2, … on the head's machine (`nil`) and on others, all of which have lost their links now.
    private func lost(_ machines: [String?], until end: Duration = .seconds(1)) -> Membership {
        var membership = Membership(grace: end)
        for (index, machine) in machines.enumerated() {
            let id = NodeID(UInt64(index + 1))
            #expect(membership.joined(id, on: machine, now: origin) == .new)
            #expect(membership.linkLost(id, now: origin) == true)
        }
        return membership
    }

    @Test("whoever has lost the only other machine declares it dead: one of the two has to go on")
    func two() {
        var membership = lost(["a"])
        #expect(membership.overdue(at: origin + .seconds(1)) == [node] && !membership.doubtsItself)
    }

    @Test("two nodes of one other machine are one machine")
    func sameMachine() {
        var membership = lost(["a", "a"])
        #expect(membership.overdue(at: origin + .seconds(1)) == [node, otherNode])
    }

    @Test("whoever has lost all of several machines declares none of them dead, however long it takes")
    func several() {
        var membership = lost(["a", "b"])
        #expect(membership.overdue(at: origin + .seconds(1)) == [] && membership.doubtsItself)
        #expect(membership.overdue(at: origin + .seconds(1_000)) == [])
        #expect(membership.nextDeadline == .distantFuture && membership.isSuspect(node))
        // Whom nobody reaches, nobody spares either.
        membership.spare(node, now: origin + .seconds(1_000))
        #expect(membership.nextDeadline == .distantFuture)
    }

    @Test("a node on the head's own machine is no less dead for that")
    func ownMachine() {
        var membership = lost(["a", "b", nil])
        #expect(membership.overdue(at: origin + .seconds(1)) == [NodeID(3)])
        #expect(membership.declareDead(NodeID(3), now: origin + .seconds(1)) == true)
        #expect(membership.doubtsItself)
    }

    @Test("one machine that is there shows that the others are not: no doubt then")
    func oneLeft() {
        var membership = lost(["a", "b", "c"])
        #expect(membership.joined(NodeID(3), on: "c", now: origin) == .again)
        #expect(membership.overdue(at: origin + .seconds(1)) == [node, otherNode])
    }

    @Test(
        "when one is heard of again, or a new one joins, the others have the time to come back too",
        arguments: [1, 9]
    )
    func heard(id: UInt64) {
        var membership = lost(["a", "b", "c"])
        #expect(membership.overdue(at: origin + .seconds(1)) == [])
        let later = origin + .seconds(100)
        #expect(membership.joined(NodeID(id), on: "a", now: later) == (id == 1 ? .again : .new))
        #expect(!membership.doubtsItself && membership.overdue(at: later) == [])
        membership.spare(otherNode, now: later + .milliseconds(5_900))
        #expect(membership.overdue(at: later + .milliseconds(5_999)) == [])
        #expect(membership.overdue(at: later + .seconds(6)) == (id == 1 ? [NodeID(3)] : [node, NodeID(3)]))
        #expect(membership.overdue(at: later + .seconds(7)).contains(otherNode))
    }

    @Test("a machine that says itself that its node is gone shows that the way there is open")
    func refused() {
        var membership = lost(["a", "b"])
        #expect(membership.overdue(at: origin + .seconds(1)) == [])
        let later = origin + .seconds(100)
        #expect(membership.probeFailed(node, now: later) == true && !membership.doubtsItself)
        #expect(membership.overdue(at: later) == [])
        #expect(membership.overdue(at: later + .seconds(6)) == [otherNode])
    }

    @Test("a deadline that is noticed late gives the suspect its time anew, once")
    func standstill() {
        var membership = lost(["a"])
        let late = origin + .seconds(5)
        #expect(membership.overdue(at: late) == [] && membership.isSuspect(node))
        #expect(membership.overdue(at: late + .milliseconds(999)) == [])
        #expect(membership.overdue(at: late + .seconds(5)) == [node])
    }
}
