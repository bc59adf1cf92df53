import MantaCore
import MantaObjectStore
import Testing

private let owner = ReferenceExchange.owner
private let sender = ReferenceExchange.sender
private let receiver = ReferenceExchange.receiver
private let object = ReferenceExchange.object

@Suite("ends of processes, and copies")
struct ReferenceTableEndTests {
    private let exchange = ReferenceExchange()

    @Test("a borrower that ends holds nothing any more")
    func borrower() {
        exchange[owner].created(object)
        exchange.pass(from: owner, to: receiver)
        exchange.settle()
        exchange[owner].released(object)
        exchange[owner].ended(receiver)
        #expect(exchange.events(of: owner) == [.freed(object)])
        #expect(exchange[owner].isEmpty)
    }

    @Test("a token that was sent to a process that ends has settled there")
    func tokens() {
        exchange[owner].created(object)
        let token = exchange[owner].embarked(object)
        exchange[owner].sent(token, to: receiver)
        exchange[owner].sent(token, to: sender)
        exchange[owner].released(object)
        exchange[owner].ended(receiver)
        // It may go out again, to whoever lives.
        exchange[owner].sent(token, to: receiver)
        exchange[owner].concluded(token, now: exchange.now)
        #expect(exchange.events(of: owner) == [])
        exchange[owner].ended(sender)
        #expect(exchange.events(of: owner) == [.freed(object)])
        #expect(exchange[owner].isEmpty && exchange[owner].nextDeadline == .distantFuture)
    }

    @Test(
        "references to objects of a process that ends stay, and are good for nothing",
        arguments: [false, true]
    )
    func ownerDies(isRegistered: Bool) {
        exchange[owner].created(object)
        exchange.pass(from: owner, to: receiver)
        if isRegistered { exchange.settle() }
        exchange[receiver].ended(owner)
        #expect(exchange[receiver].status(of: object) == .ownerDied(owner: owner))
        #expect(exchange[receiver].counts(of: object) == .init(local: 1))
        #expect(exchange[receiver].peers.isEmpty)
        #expect(!exchange.receive(1, from: sender, at: receiver))
        exchange[receiver].released(object)
        #expect(exchange[receiver].status(of: object) == .unknown)
        #expect(!exchange.receive(2, from: sender, at: receiver))
        // Only whoever sent it hears of it.
        #expect(exchange.take(at: receiver).map(\.peer) == [sender])
    }

    @Test("what waits for an owner that ends is let go of")
    func sourcesOfDeadOwner() {
        let inner = ObjectID(creator: sender, serial: 1)
        exchange[owner].created(object)
        exchange.pass(from: owner, to: receiver)
        _ = exchange[receiver].received(inner, owner: sender, by: .object(object), now: exchange.now)
        _ = exchange[receiver].received(
            inner,
            owner: sender,
            by: .frame(from: owner, token: 9),
            now: exchange.now
        )
        exchange[receiver].released(object)
        #expect(exchange[receiver].counts(of: object) == .init(inside: 1))
        exchange[receiver].ended(sender)
        #expect(exchange[receiver].status(of: object) == .unknown)
        #expect(exchange[receiver].status(of: inner) == .ownerDied(owner: sender))
        #expect(
            exchange.take(at: receiver).map(\.update.changes) == [[.arrived(token: 1), .arrived(token: 9)]]
        )
    }

    @Test("what a process has said counts no more after its end, whenever it comes")
    func lateWords() {
        exchange[owner].created(object)
        exchange[owner].ended(receiver)
        exchange[owner].ended(receiver)
        let update = ReferenceTable.Update(
            number: 1,
            changes: [.held(object), .held(ObjectID(creator: owner, serial: 9))]
        )
        #expect(exchange[owner].received(update, from: receiver) == .init(number: 1))
        exchange[owner].answered(.init(number: 1), by: receiver, now: exchange.now)
        exchange[owner].unanswered(1, by: receiver, now: exchange.now)
        #expect(exchange[owner].counts(of: object) == .init(local: 1))
        #expect(exchange[owner].nextDeadline == .distantFuture && exchange[owner].peers.isEmpty)
    }

    @Test("a reference from a process that has ended is good if its owner still has it")
    func senderDied() {
        exchange[owner].created(object)
        exchange.pass(from: owner, to: sender)
        exchange.settle()
        let token = exchange.send(from: sender, to: receiver)
        exchange[receiver].ended(sender)
        exchange.receive(token, from: sender, at: receiver)
        exchange.settle()
        #expect(exchange[receiver].status(of: object) == .borrowed(owner: owner))
        #expect(exchange[owner].counts(of: object) == .init(local: 1, borrowers: 2))
        #expect(exchange[receiver].peers == [owner])
    }

    @Test("keepers hear that an object is freed, and the owner that has copies itself does as its event")
    func keepers() {
        exchange[owner].created(object)
        let areWanted = [owner, sender, receiver].map { exchange[owner].copied(object, to: $0) }
        #expect(areWanted == [true, true, true])
        #expect(exchange[owner].peers == [sender, receiver])
        exchange[owner].ended(sender)
        exchange[owner].released(object)
        let isWanted = exchange[owner].copied(object, to: receiver)
        #expect(!isWanted)
        exchange[owner].tellFreed(object, to: receiver)
        exchange[owner].tellFreed(object, to: sender)
        exchange.settle()
        #expect(exchange.said == ["1→3 freed", "1→3 freed"])
        #expect(exchange.events[owner] == [.freed(object)])
        #expect(exchange.events[receiver] == [.forget(object), .forget(object)])
        #expect(exchange.areEmpty)
    }

    @Test("only the owner knows of copies")
    func foreignCopy() {
        exchange[owner].created(object)
        exchange.pass(from: owner, to: receiver)
        let isWanted = exchange[receiver].copied(object, to: sender)
        #expect(!isWanted)
    }

    @Test("a process may send references to itself")
    func toItself() {
        exchange[owner].created(object)
        exchange.pass(from: owner, to: owner)
        exchange[owner].released(object)
        #expect(exchange[owner].counts(of: object) == .init(local: 1))
        exchange.pass(from: owner, to: receiver)
        exchange.pass(from: receiver, to: receiver)
        exchange[owner].released(object)
        exchange[receiver].released(object)
        exchange.settle()
        #expect(exchange[owner].counts(of: object) == .init(borrowers: 1))
        // Asked back from itself, though no frame is lost there.
        _ = exchange.send(from: receiver, to: receiver)
        exchange[receiver].released(object)
        exchange.now = exchange.now + .seconds(5)
        exchange.settle()
        #expect(exchange.isFreed && exchange.areEmpty)
    }

    @Test("everybody whose end matters is named")
    func peers() {
        exchange[owner].created(object)
        #expect(exchange[owner].peers.isEmpty)
        let token = exchange.send(from: owner, to: sender)
        #expect(exchange[owner].peers == [sender])
        exchange.receive(token, from: owner, at: sender)
        #expect(exchange[sender].peers == [owner])
        exchange.settle()
        #expect(exchange[owner].peers == [sender])
        exchange.pass(from: sender, to: receiver)
        // Whoever waits for a word of its arrival, too.
        #expect(exchange[receiver].peers == [owner, sender])
        #expect(exchange[sender].peers == [owner, receiver])
        exchange.settle()
        #expect(exchange[owner].peers == [sender, receiver])
        #expect(exchange[receiver].peers == [owner])
    }

    @Test("the ends of the newest hundred thousand processes are remembered")
    func manyEnds() {
        for number in 10...100_010 { exchange[owner].ended(ProcessID(UInt64(number))) }
        exchange[owner].created(object)
        let update = ReferenceTable.Update(number: 1, changes: [.held(object)])
        for number: UInt64 in [11, 100_010, 10] {
            _ = exchange[owner].received(update, from: ProcessID(number))
        }
        #expect(exchange[owner].counts(of: object) == .init(local: 1, borrowers: 1))
    }

    @Test("the newest ten thousand retracted tokens are remembered")
    func manyRetractions() {
        for token: UInt64 in 1...10_001 {
            let update = ReferenceTable.Update(number: token, changes: [.retracted(token: token)])
            _ = exchange[receiver].received(update, from: owner)
            exchange[receiver].caughtUp(with: owner)
        }
        #expect(!exchange.receive(10_001, from: owner, at: receiver))
        #expect(!exchange.receive(2, from: owner, at: receiver))
        #expect(exchange.receive(1, from: owner, at: receiver))
    }
}
