import MantaCore
import MantaObjectStore
import Testing

private let owner = ReferenceExchange.owner
private let sender = ReferenceExchange.sender
private let receiver = ReferenceExchange.receiver
private let object = ReferenceExchange.object

@Suite("references")
struct ReferenceTableTests {
    private let exchange = ReferenceExchange()

    @Test("an object without other references is freed with its last handle")
    func lastHandle() {
        exchange[owner].created(object)
        exchange[owner].retained(object)
        exchange[owner].released(object)
        #expect(exchange.events(of: owner) == [])
        #expect(exchange[owner].status(of: object) == .owned)
        exchange[owner].released(object)
        #expect(exchange.events(of: owner) == [.freed(object)])
        #expect(exchange[owner].status(of: object) == .unknown)
        #expect(exchange[owner].isEmpty)
    }

    @Test("a borrower keeps an object that its owner has let go of")
    func borrower() {
        exchange[owner].created(object)
        #expect(exchange.pass(from: owner, to: receiver))
        exchange[owner].released(object)
        exchange.settle()
        #expect(!exchange.isFreed)
        #expect(exchange[owner].counts(of: object) == .init(borrowers: 1))
        #expect(exchange[receiver].status(of: object) == .borrowed(owner: owner))
        #expect(exchange.said == ["3→1 held", "3→1 arrived"])
        exchange[receiver].released(object)
        exchange.settle()
        #expect(exchange.isFreed && exchange.areEmpty)
    }

    @Test("a borrower that passes a reference on holds it until the next one is registered")
    func chain() {
        exchange[owner].created(object)
        exchange.pass(from: owner, to: sender)
        exchange[owner].released(object)
        exchange.settle()
        exchange.pass(from: sender, to: receiver)
        exchange[sender].released(object)
        exchange.exchange(from: sender)
        #expect(exchange[sender].counts(of: object) == .init(inTransit: 1))
        exchange.settle()
        #expect(exchange[sender].isEmpty && !exchange.isFreed)
        #expect(exchange.said.suffix(3) == ["3→1 held", "3→2 arrived", "2→1 returned"])
        exchange[receiver].released(object)
        exchange.settle()
        #expect(exchange.isFreed && exchange.areEmpty)
    }

    @Test("a reference that is dropped before its owner was told costs only the word of its arrival")
    func droppedAtOnce() {
        exchange[owner].created(object)
        exchange.pass(from: owner, to: sender)
        exchange.settle()
        exchange.pass(from: sender, to: receiver)
        exchange[receiver].released(object)
        #expect(exchange[receiver].status(of: object) == .unknown)
        exchange.settle()
        #expect(exchange.said == ["2→1 held", "2→1 arrived", "3→2 arrived"])
        #expect(exchange[receiver].isEmpty)
    }

    @Test(
        "a reference that comes again before the last one was given back costs only the word of its arrival"
    )
    func comesAgain() {
        exchange[owner].created(object)
        exchange.pass(from: owner, to: receiver)
        exchange.settle()
        exchange[receiver].released(object)
        exchange.pass(from: owner, to: receiver)
        exchange.settle()
        #expect(exchange.said == ["3→1 held", "3→1 arrived", "3→1 arrived"])
        #expect(exchange[owner].counts(of: object) == .init(local: 1, borrowers: 1))
    }

    @Test("a reference that comes again while the last one is given back is registered again")
    func comesWhileReturned() throws {
        exchange[owner].created(object)
        exchange.pass(from: owner, to: receiver)
        exchange.settle()
        exchange[receiver].released(object)
        let updates = exchange[receiver].takeUpdates(now: exchange.now)
        let update = try #require(updates.first?.update)
        #expect(update.changes == [.returned(object)])
        let tokens = [exchange.send(from: owner, to: receiver), exchange.send(from: owner, to: receiver)]
        exchange[owner].released(object)
        // Twice, and dropped in between, before anything of it left.
        exchange.receive(tokens[0], from: owner, at: receiver)
        exchange[receiver].released(object)
        exchange.receive(tokens[1], from: owner, at: receiver)
        let answer = exchange[owner].received(update, from: receiver)
        exchange[receiver].answered(answer, by: owner, now: exchange.now)
        exchange.settle()
        #expect(!exchange.isFreed)
        #expect(exchange[owner].counts(of: object) == .init(borrowers: 1))
    }

    @Test("a reference that was never sent is let go of with its call")
    func neverSent() {
        exchange[owner].created(object)
        let token = exchange[owner].embarked(object)
        exchange[owner].released(object)
        #expect(exchange[owner].counts(of: object) == .init(inTransit: 1))
        exchange[owner].concluded(token, now: exchange.now)
        #expect(exchange.events(of: owner) == [.freed(object)])
        #expect(exchange[owner].isEmpty)
        let mayGo = exchange[owner].sent(token, to: receiver)
        #expect(!mayGo)
    }

    @Test("a reference that has arrived is held until its call has ended")
    func arrivedBeforeConcluded() {
        exchange[owner].created(object)
        let token = exchange[owner].embarked(object)
        exchange[owner].sent(token, to: receiver)
        exchange[owner].released(object)
        exchange.receive(token, from: owner, at: receiver)
        exchange[receiver].released(object)
        exchange.settle()
        #expect(!exchange.isFreed)
        exchange[owner].concluded(token, now: exchange.now)
        #expect(exchange.events(of: owner) == [.freed(object)])
    }

    @Test("a frame that goes out twice is waited for twice")
    func sentTwice() {
        exchange[owner].created(object)
        let token = exchange[owner].embarked(object)
        exchange[owner].sent(token, to: receiver)
        exchange[owner].sent(token, to: receiver)
        exchange[owner].sent(token, to: sender)
        exchange[owner].released(object)
        exchange[owner].concluded(token, now: exchange.now)
        exchange.receive(token, from: owner, at: receiver)
        exchange.receive(token, from: owner, at: sender)
        exchange[receiver].released(object)
        exchange[sender].released(object)
        exchange.settle()
        #expect(!exchange.isFreed)
        #expect(exchange.receive(token, from: owner, at: receiver))
        exchange.settle()
        #expect(exchange[owner].counts(of: object) == .init(borrowers: 1))
        exchange[receiver].released(object)
        exchange.settle()
        #expect(exchange.isFreed && exchange.areEmpty)
    }

    @Test("what has not arrived in time is asked back, and refused when it comes after all")
    func retraction() {
        exchange[owner].created(object)
        let token = exchange.send(from: owner, to: receiver)
        exchange[owner].released(object)
        let deadline = exchange.now + .seconds(5)
        #expect(exchange[owner].nextDeadline == deadline)
        exchange.settle()
        #expect(exchange.said.isEmpty && !exchange.isFreed)
        exchange.now = deadline
        exchange.settle()
        #expect(exchange.said == ["1→3 retracted", "3→1 settled"])
        #expect(exchange.isFreed && exchange[owner].nextDeadline == .distantFuture)
        #expect(!exchange.receive(token, from: owner, at: receiver))
        exchange.settle()
        #expect(exchange.areEmpty && exchange.said.count == 2)
    }

    @Test(
        "what was on its way when it was asked back is good, and what is asked back meanwhile waits as well"
    )
    func retractionOvertakes() {
        exchange[owner].created(object)
        let tokens = (1...3).map { _ in exchange.send(from: owner, to: receiver) }
        exchange[owner].released(object)
        func askBack(_ token: UInt64, as number: UInt64) {
            _ = exchange[receiver].received(
                .init(number: number, changes: [.retracted(token: token)]),
                from: owner
            )
        }
        askBack(tokens[0], as: 1)
        #expect(exchange.events(of: receiver) == [.catchUp(owner)])
        askBack(tokens[1], as: 2)
        #expect(exchange.events(of: receiver).isEmpty)
        #expect(exchange.receive(tokens[0], from: owner, at: receiver))
        exchange[receiver].caughtUp(with: owner)
        #expect(exchange.events(of: receiver) == [.catchUp(owner)])
        #expect(!exchange.receive(tokens[0], from: owner, at: receiver))
        #expect(exchange.receive(tokens[1], from: owner, at: receiver))
        exchange[receiver].caughtUp(with: owner)
        #expect(exchange.events(of: receiver).isEmpty)
        #expect(!exchange.receive(tokens[1], from: owner, at: receiver))
        #expect(exchange.receive(tokens[2], from: owner, at: receiver))
        for _ in 1...3 { exchange[receiver].released(object) }
        exchange.settle()
        #expect(exchange.isFreed && exchange.areEmpty)
    }

    @Test("what has arrived is not let go of by asking it back")
    func retractionTooLate() throws {
        exchange[owner].created(object)
        exchange.pass(from: owner, to: sender)
        exchange[owner].released(object)
        exchange.settle()
        exchange.pass(from: sender, to: receiver)
        exchange[sender].released(object)
        exchange.now = exchange.now + .seconds(5)
        // Asked back while the receiver's word to the owner is on its way.
        let held = try #require(exchange[receiver].takeUpdates(now: exchange.now).first?.update)
        exchange.settle()
        #expect(exchange[sender].counts(of: object) == .init(inTransit: 1))
        let answer = exchange[owner].received(held, from: receiver)
        exchange[receiver].answered(answer, by: owner, now: exchange.now)
        exchange.settle()
        #expect(exchange.said.suffix(3) == ["2→3 retracted", "3→2 settled", "2→1 returned"])
        #expect(exchange[owner].counts(of: object) == .init(borrowers: 1))
    }

    @Test("the next deadline is that of the oldest token that has not arrived, among many that have")
    func deadlines() {
        exchange[owner].created(object)
        let start = exchange.now
        var tokens: [UInt64] = []
        for _ in 0..<1000 {
            tokens.append(exchange.send(from: owner, to: receiver))
            exchange.now = exchange.now + .milliseconds(1)
        }
        let open = [0, 700, 701]
        for (index, token) in tokens.enumerated() where !open.contains(index) {
            exchange.receive(token, from: owner, at: receiver)
        }
        exchange.settle()
        for index in open {
            #expect(exchange[owner].counts(of: object).inTransit == 3 - (open.firstIndex(of: index) ?? 0))
            #expect(exchange[owner].nextDeadline == start + .milliseconds(index) + .seconds(5))
            exchange.receive(tokens[index], from: owner, at: receiver)
            exchange.settle()
        }
        #expect(exchange[owner].nextDeadline == .distantFuture)
        #expect(!exchange.said.contains("1→3 retracted"))
    }

    @Test("an object holds what is inside it until that is registered")
    func inside() throws {
        let inner = ObjectID(creator: sender, serial: 1)
        exchange[owner].created(object)
        exchange[sender].created(inner)
        // The owner of the outer object holds what it wrote into it.
        exchange.pass(inner, from: sender, to: owner)
        exchange.pass(from: owner, to: receiver)
        exchange[owner].released(object)
        exchange[sender].released(inner)
        exchange.settle()
        let isGood = exchange[receiver].received(inner, owner: sender, by: .object(object), now: exchange.now)
        #expect(isGood)
        exchange[receiver].released(object)
        #expect(exchange[receiver].counts(of: object) == .init(inside: 1))
        let held = try #require(exchange[receiver].takeUpdates(now: exchange.now).first?.update)
        #expect(held.changes == [.held(inner)])
        exchange.settle()
        #expect(!exchange.isFreed)
        let answer = exchange[sender].received(held, from: receiver)
        exchange[receiver].answered(answer, by: sender, now: exchange.now)
        exchange.settle()
        #expect(exchange.isFreed)
        exchange[owner].released(inner)
        exchange[receiver].released(inner)
        exchange.settle()
        #expect(exchange.events[sender] == [.freed(inner)] && exchange.areEmpty)
    }

    @Test("a long chain of objects, each inside the next, falls without recursion")
    func longChain() {
        let objects = (1...20_000).map { ObjectID(creator: owner, serial: UInt64($0)) }
        var outer: ObjectID?
        for id in objects {
            exchange[owner].created(id)
            if let outer {
                _ = exchange[receiver].received(id, owner: owner, by: .object(outer), now: exchange.now)
                exchange[receiver].released(outer)
            } else {
                exchange.pass(id, from: owner, to: receiver)
            }
            outer = id
        }
        if let outer { exchange[receiver].released(outer) }
        #expect(exchange[receiver].peers == [owner])
        exchange.settle()
        #expect(exchange[receiver].isEmpty && exchange[receiver].peers.isEmpty)
    }
}
