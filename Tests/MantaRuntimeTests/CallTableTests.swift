import MantaCore
import MantaRuntime
import MantaTestSupport
import Testing

extension CallTable.OnReply: Equatable where Waiter: Equatable {
    static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.resume(let left), .resume(let right)), (.abandoned(let left), .abandoned(let right)):
            left == right
        case (.unknown, .unknown): true
        default: false
        }
    }
}

extension CallTable {
    /// Enters a call for which there has to be room.
    fileprivate mutating func enter(_ waiter: Waiter, deadline: Moment) throws -> UInt32 {
        let number = begin(waiter, deadline: deadline)
        return try #require(number)
    }
}

@Suite("call table")
struct CallTableTests {
    private func moment(_ nanoseconds: UInt64) -> Moment { Moment(nanoseconds: nanoseconds) }

    @Test("a call ends with its reply, once")
    func reply() throws {
        var calls = CallTable<String>()
        let number = try calls.enter("a", deadline: .distantFuture)
        #expect(calls.waiter(number) == "a")
        #expect(calls.count == 1)
        #expect(calls.replied(number) == .resume("a"))
        #expect(calls.count == 0)
        #expect(calls.waiter(number) == nil)
        #expect(calls.replied(number) == .unknown)
    }

    @Test("a reply to a call that never was is unknown")
    func unknown() {
        var calls = CallTable<String>()
        #expect(calls.replied(0) == .unknown)
        #expect(calls.begin("a", deadline: .distantFuture) != nil)
        #expect(calls.replied(1) == .unknown)
        #expect(calls.replied(.max) == .unknown)
        #expect(calls.waiter(.max) == nil)
        #expect(calls.count == 1)
    }

    @Test("the number of an abandoned call is not used again before its reply has come")
    func abandoned() throws {
        var calls = CallTable<String>()
        let number = try calls.enter("a", deadline: .distantFuture)
        #expect(calls.giveUp(number, wasSent: true) == "a")
        #expect(calls.giveUp(number, wasSent: true) == nil)
        #expect(calls.waiter(number) == "a")
        for name in ["b", "c", "d"] { #expect(calls.begin(name, deadline: .distantFuture) != number) }
        #expect(calls.replied(number) == .abandoned("a"))
        #expect(calls.replied(number) == .unknown)
        #expect(calls.begin("e", deadline: .distantFuture) == number)
    }

    @Test("the number of a call that was given up before it was sent is free at once")
    func givenUpUnsent() throws {
        var calls = CallTable<String>()
        let number = try calls.enter("a", deadline: .distantFuture)
        #expect(calls.giveUp(number, wasSent: false) == "a")
        #expect(calls.count == 0)
        #expect(calls.begin("b", deadline: .distantFuture) == number)
        #expect(calls.waiter(number) == "b")
    }

    @Test("a call that has ended cannot be given up")
    func giveUpEnded() throws {
        var calls = CallTable<String>()
        let number = try calls.enter("a", deadline: .distantFuture)
        _ = calls.replied(number)
        #expect(calls.giveUp(number, wasSent: true) == nil)
        #expect(calls.giveUp(77, wasSent: true) == nil)
    }

    @Test("a full table takes no call until one has had its reply; abandoned calls count")
    func full() throws {
        var calls = CallTable<Int>(limit: 2)
        let first = try calls.enter(1, deadline: .distantFuture)
        let second = try calls.enter(2, deadline: .distantFuture)
        #expect(calls.begin(3, deadline: .distantFuture) == nil)
        _ = calls.giveUp(first, wasSent: true)
        #expect(calls.begin(3, deadline: .distantFuture) == nil)
        #expect(calls.replied(second) == .resume(2))
        #expect(calls.begin(3, deadline: .distantFuture) == second)
        #expect(calls.count == 2)
    }

    @Test("calls are late from their deadline on, those that were given up or answered are not")
    func deadlines() throws {
        var calls = CallTable<String>()
        let a = try calls.enter("a", deadline: moment(10))
        let b = try calls.enter("b", deadline: moment(20))
        let c = try calls.enter("c", deadline: moment(10))
        let d = try calls.enter("d", deadline: .distantFuture)
        #expect(calls.nextDeadline == moment(10))
        #expect(calls.timePassed(to: moment(9)).isEmpty)
        _ = calls.replied(c)
        #expect(calls.timePassed(to: moment(10)) == [a])
        _ = calls.giveUp(a, wasSent: true)
        #expect(calls.nextDeadline == moment(20))
        #expect(calls.timePassed(to: moment(1_000)) == [b])
        _ = calls.giveUp(b, wasSent: true)
        #expect(calls.nextDeadline == .distantFuture)
        #expect(calls.waiter(d) == "d")
    }

    @Test("the end of the connection returns who waits, without those that gave up")
    func removeAll() throws {
        var calls = CallTable<String>()
        let a = try calls.enter("a", deadline: moment(1))
        _ = calls.begin("b", deadline: .distantFuture)
        _ = calls.giveUp(a, wasSent: true)
        #expect(calls.removeAll() == ["b"])
        #expect(calls.removeAll().isEmpty)
        #expect(calls.count == 0)
        #expect(calls.nextDeadline == .distantFuture)
        #expect(calls.replied(a) == .unknown)
    }

    @Test("random calls end as in the plainest model", arguments: 1...8 as ClosedRange<UInt64>)
    func random(seed: UInt64) {
        struct Call {
            var waiter: Int
            var deadline: UInt64
            var isAbandoned = false
        }
        var random = SeededRandom(seed: seed)
        let limit = Int.random(in: 1...40, using: &random)
        var calls = CallTable<Int>(limit: limit)
        var model: [UInt32: Call] = [:]
        var now: UInt64 = 0
        var ended = 0
        for step in 0..<4_000 {
            let comment: Comment = "seed \(seed), step \(step)"
            // One of the numbers in use, or nearly so.
            let number =
                random.chance(percent: 90)
                ? model.keys.sorted().randomElement(using: &random) ?? 0
                : UInt32.random(in: 0...60, using: &random)
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<45:
                let deadline =
                    random.chance(percent: 20) ? .max : now + UInt64.random(in: 0...50, using: &random)
                let number = calls.begin(step, deadline: moment(deadline))
                #expect((number == nil) == (model.count == limit), comment)
                guard let number else { continue }
                #expect(model[number] == nil, comment)
                model[number] = Call(waiter: step, deadline: deadline)
            case 45..<65:
                let call = model.removeValue(forKey: number)
                let expected = call.map {
                    $0.isAbandoned ? CallTable<Int>.OnReply.abandoned($0.waiter) : .resume($0.waiter)
                }
                #expect(calls.replied(number) == expected ?? .unknown, comment)
                ended += call == nil ? 0 : 1
            case 65..<85:
                let wasSent = random.chance(percent: 70)
                let call = model[number].flatMap { $0.isAbandoned ? nil : $0 }
                #expect(calls.giveUp(number, wasSent: wasSent) == call?.waiter, comment)
                guard call != nil else { continue }
                if wasSent { model[number]?.isAbandoned = true } else { model[number] = nil }
            case 85..<99:
                now += UInt64.random(in: 0...20, using: &random)
                let late = model.filter { !$0.value.isAbandoned && $0.value.deadline <= now }.keys.sorted()
                #expect(calls.timePassed(to: moment(now)) == late, comment)
                for number in late {
                    #expect(calls.giveUp(number, wasSent: true) != nil, comment)
                    model[number]?.isAbandoned = true
                }
            default:
                guard random.chance(percent: 10) else { continue }
                #expect(
                    calls.removeAll().sorted()
                        == model.values.filter { !$0.isAbandoned }.map(\.waiter).sorted(),
                    comment
                )
                model = [:]
            }
            #expect(calls.count == model.count, comment)
            let earliest = model.values.filter { !$0.isAbandoned }.map(\.deadline).min() ?? .max
            #expect(calls.nextDeadline.nanoseconds <= earliest, comment)
        }
        #expect(ended > 100, "seed \(seed)")
    }
}
