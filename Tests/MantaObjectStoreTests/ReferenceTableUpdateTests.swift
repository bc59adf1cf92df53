import Foundation
import MantaCore
import MantaObjectStore
import Testing

private typealias Update = ReferenceTable.Update
private typealias Answer = ReferenceTable.Answer

private let owner = ReferenceExchange.owner
private let sender = ReferenceExchange.sender
private let receiver = ReferenceExchange.receiver
private let object = ReferenceExchange.object

@Suite("updates of references")
struct ReferenceTableUpdateTests {
    private let exchange = ReferenceExchange()

    @Test("one update at a time goes to each peer, with what was queued since the last")
    func oneAtATime() throws {
        let ids = own(3)
        exchange.pass(ids[0], from: owner, to: receiver)
        let first = try take(from: receiver)
        #expect(first == Update(number: 1, changes: [.held(ids[0]), .arrived(token: 1)]))
        exchange.pass(ids[1], from: owner, to: receiver)
        exchange.pass(ids[2], from: owner, to: receiver)
        #expect(exchange.take(at: receiver).isEmpty)
        answer(first)
        let second = try take(from: receiver)
        #expect(second.number == 2 && second.changes.count == 4)
    }

    @Test("an update holds a thousand changes, and the rest come after it in their order")
    func bounded() throws {
        let ids = own(2500)
        for id in ids { exchange.pass(id, from: owner, to: receiver) }
        var changes: [Update.Change] = []
        for count in [1000, 1000, 1000, 1000, 1000] {
            let update = try take(from: receiver)
            #expect(update.changes.count == count)
            changes += update.changes
            answer(update)
        }
        #expect(exchange.take(at: receiver).isEmpty)
        let expected = ids.enumerated().flatMap { index, id in
            [Update.Change.held(id), .arrived(token: UInt64(index) + 1)]
        }
        #expect(changes == expected)
    }

    @Test("an update that is not answered comes again, the same, after pauses that double to two seconds")
    func unanswered() throws {
        let ids = own(2)
        exchange.pass(ids[0], from: owner, to: receiver)
        let update = try take(from: receiver)
        exchange.pass(ids[1], from: owner, to: receiver)
        for milliseconds in [100, 200, 400, 800, 1600, 2000, 2000] {
            exchange[receiver].unanswered(update.number, by: owner, now: exchange.now)
            let due = exchange.now + .milliseconds(milliseconds)
            #expect(exchange[receiver].nextDeadline == due)
            #expect(exchange.take(at: receiver).isEmpty)
            exchange.now = due
            #expect(try take(from: receiver) == update)
            #expect(exchange[receiver].nextDeadline == .distantFuture)
        }
        answer(update)
        let next = try take(from: receiver)
        exchange[receiver].unanswered(next.number, by: owner, now: exchange.now)
        #expect(exchange[receiver].nextDeadline == exchange.now + .milliseconds(100))
        // The answer comes after all.
        answer(next)
        #expect(exchange[receiver].nextDeadline == .distantFuture)
    }

    @Test("an update that comes again has no effect and the same answer, an older one has an empty answer")
    func repeated() {
        let id = own(1)[0]
        let first = Update(number: 1, changes: [.held(id), .held(other(7))])
        #expect(receive(first) == Answer(number: 1, unknown: [other(7)]))
        #expect(receive(first) == Answer(number: 1, unknown: [other(7)]))
        #expect(receive(Update(number: 2, changes: [.returned(id)])) == Answer(number: 2))
        #expect(receive(first) == Answer(number: 1))
        #expect(exchange[owner].counts(of: id) == .init(local: 1))
    }

    @Test("answers to other updates than the one in flight are ignored")
    func strayAnswers() throws {
        let id = own(1)[0]
        exchange.pass(id, from: owner, to: receiver)
        let update = try take(from: receiver)
        exchange[receiver].answered(Answer(number: 0, unknown: [id]), by: owner, now: exchange.now)
        exchange[receiver].answered(Answer(number: 2, unknown: [id]), by: owner, now: exchange.now)
        exchange[receiver].answered(Answer(number: 1, unknown: [id]), by: sender, now: exchange.now)
        exchange[receiver].unanswered(2, by: owner, now: exchange.now)
        #expect(exchange[receiver].nextDeadline == .distantFuture)
        #expect(exchange[receiver].status(of: id) == .borrowed(owner: owner))
        exchange[receiver].answered(Answer(number: 1, unknown: [id]), by: owner, now: exchange.now)
        #expect(exchange[receiver].status(of: id) == .lost(owner: owner))
        #expect(update.number == 1)
    }

    @Test("an object that its owner does not know is lost, and nothing is given back of it")
    func lost() {
        _ = exchange[receiver].received(object, owner: owner, by: frame(1), now: exchange.now)
        exchange[receiver].retained(object)
        exchange.settle()
        #expect(exchange[receiver].status(of: object) == .lost(owner: owner))
        #expect(exchange[receiver].counts(of: object) == .init(local: 2))
        let isGood = exchange[receiver].received(object, owner: owner, by: frame(2), now: exchange.now)
        #expect(!isGood)
        exchange[receiver].released(object)
        exchange[receiver].released(object)
        exchange.settle()
        #expect(exchange.said == ["3→1 held", "3→2 arrived", "3→2 arrived"])
        #expect(exchange.areEmpty)
    }

    @Test("many references that come and go while an update is in flight leave the queue short and in order")
    func cancelled() throws {
        let ids = own(500)
        for id in ids { exchange.pass(id, from: owner, to: sender) }
        exchange.settle()
        exchange.pass(ids[0], from: sender, to: receiver)
        let first = try take(from: receiver)
        for _ in 0..<20 {
            for id in ids.dropFirst() { exchange.pass(id, from: sender, to: receiver) }
            for id in ids.dropFirst() { exchange[receiver].released(id) }
        }
        // Those that stay are spread among those that go, first and last.
        for id in ids.dropFirst() { exchange.pass(id, from: sender, to: receiver) }
        for id in ids.dropFirst() where id.serial % 10 != 0 { exchange[receiver].released(id) }
        for id in ids.dropFirst() where id.serial % 20 == 0 { exchange[receiver].released(id) }
        answer(first)
        let next = exchange.take(at: receiver).filter { $0.peer == owner }
        let expected = ids.dropFirst().filter { $0.serial % 20 == 10 }.map { Update.Change.held($0) }
        #expect(next.map(\.update.changes) == [expected])
    }

    @Test("changes cross as words, and words that are none are refused")
    func coding() throws {
        let update = Update(
            number: 3,
            changes: [
                .held(object), .returned(other(2)), .arrived(token: 4), .retracted(token: 5),
                .settled(token: 6),
                .freed(other(.max)),
            ]
        )
        let data = try JSONEncoder().encode(update)
        #expect(try JSONDecoder().decode(Update.self, from: data) == update)
        for words in ["[0, 1, 1]", "[7, 1, 1]", "[1, 1]", "[3]", "[3, 1, 1]"] {
            let data = Data(#"{"number": 1, "changes": \#(words)}"#.utf8)
            #expect(throws: DecodingError.self) { try JSONDecoder().decode(Update.self, from: data) }
        }
    }

    // MARK: Steps

    /// Objects of the owner.
    private func own(_ count: Int) -> [ObjectID] {
        (0..<count).map { index in
            let id = other(UInt64(index) + 1)
            exchange[owner].created(id)
            return id
        }
    }

    private func other(_ serial: UInt64) -> ObjectID { ObjectID(creator: owner, serial: serial) }

    private func frame(_ token: UInt64) -> ReferenceTable.Source { .frame(from: sender, token: token) }

    /// The only update of a process.
    private func take(from process: ProcessID) throws -> Update {
        let updates = exchange.take(at: process)
        #expect(updates.count == 1)
        return try #require(updates.first).update
    }

    /// The owner's answer to the receiver.
    private func receive(_ update: Update) -> Answer { exchange[owner].received(update, from: receiver) }

    private func answer(_ update: Update) {
        exchange[receiver].answered(receive(update), by: owner, now: exchange.now)
    }
}
