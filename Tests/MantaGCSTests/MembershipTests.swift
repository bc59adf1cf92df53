import MantaCore
import MantaGCS
import Testing

struct MembershipTests {
    @Test("a node is new once, and again whenever it registers after that")
    func joins() {
        var membership = Membership()
        #expect(!membership.isMember(node))
        #expect(membership.joined(node) == .new && membership.joined(node) == .again)
        #expect(membership.isMember(node) && membership.nextDeadline == nil)
    }

    @Test("a node that lost its link is suspect until it registers again")
    func comesBack() {
        var membership = Membership(grace: .seconds(3))
        #expect(membership.joined(node) == .new)
        #expect(membership.linkLost(node, now: origin) == true)
        #expect(membership.isMember(node) && membership.nextDeadline == origin + .seconds(3))
        #expect(membership.joined(node) == .again)
        #expect(membership.nextDeadline == nil && membership.overdue(at: .distantFuture).isEmpty)
    }

    @Test("a second link that is lost does not give a suspect node more time")
    func suspectOnce() {
        var membership = Membership(grace: .seconds(3))
        #expect(membership.joined(node) == .new)
        #expect(membership.linkLost(node, now: origin) == true)
        #expect(membership.linkLost(node, now: origin + .seconds(2)) == false)
        #expect(membership.nextDeadline == origin + .seconds(3))
    }

    @Test("suspect nodes are overdue when their time is over, by number")
    func overdue() {
        var membership = Membership(grace: .seconds(3))
        for id in [3, 1, 2, 4] as [UInt64] {
            #expect(membership.joined(NodeID(id)) == .new)
            #expect(membership.linkLost(NodeID(id), now: origin + .seconds(id == 4 ? 1 : 0)) == true)
        }
        #expect(membership.nextDeadline == origin + .seconds(3))
        #expect(membership.overdue(at: origin + .milliseconds(2_999)).isEmpty)
        #expect(membership.overdue(at: origin + .seconds(3)) == [NodeID(1), NodeID(2), NodeID(3)])
    }

    @Test("a failed probe counts only while the node is suspect")
    func probe() {
        var membership = Membership()
        #expect(membership.joined(node) == .new)
        #expect(membership.probeFailed(node) == false && membership.isMember(node))
        #expect(membership.linkLost(node, now: origin) == true)
        #expect(membership.probeFailed(node) == true && !membership.isMember(node))
        #expect(membership.probeFailed(node) == false && membership.probeFailed(otherNode) == false)
    }

    @Test("a dead node is fenced whenever it comes back, and dies only once")
    func fenced() {
        var membership = Membership()
        #expect(membership.joined(node) == .new)
        #expect(membership.declareDead(node) == true && membership.declareDead(node) == false)
        #expect(membership.joined(node) == .fenced && membership.joined(node) == .fenced)
        #expect(!membership.isMember(node) && membership.linkLost(node, now: origin) == false)
        #expect(membership.nextDeadline == nil)
    }

    @Test("a node that never joined is no member, whatever is said of it")
    func stranger() {
        var membership = Membership()
        #expect(membership.linkLost(node, now: origin) == false && membership.declareDead(node) == false)
        #expect(membership.joined(node) == .new)
    }

    @Test("of the dead nodes the newest are remembered")
    func bound() {
        var membership = Membership(deadLimit: 2)
        for id in 1...3 as ClosedRange<UInt64> {
            #expect(membership.joined(NodeID(id)) == .new && membership.declareDead(NodeID(id)) == true)
        }
        #expect(membership.joined(NodeID(3)) == .fenced && membership.joined(NodeID(2)) == .fenced)
        #expect(membership.joined(NodeID(1)) == .new)
    }
}
