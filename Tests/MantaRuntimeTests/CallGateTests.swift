import MantaRuntime
import MantaTestSupport
import Testing

/// Stands for a call.
private final class Token: CustomStringConvertible {
    let number: Int
    init(_ number: Int) { self.number = number }
    var description: String { "\(number)" }
}

@Suite("call gate")
struct CallGateTests {
    private func tokens(_ count: Int) -> [Token] { (0..<count).map { Token($0) } }

    @Test("as many calls as the limit run; others have their turn in the order of arrival", arguments: 1...4)
    func order(limit: Int) {
        var gate = CallGate<Token>(limit: limit)
        let calls = tokens(8)
        for call in calls { #expect(gate.arrived(call) == (call.number < limit)) }
        #expect(gate.running.count == limit)
        #expect(gate.waitingCount == 8 - limit)
        #expect(gate.waiting.map(\.number) == Array(limit..<8))
        for number in limit..<8 { #expect(gate.left(calls[number - limit])?.number == number) }
        #expect(gate.left(calls[8 - limit]) == nil)
        #expect(gate.waitingCount == 0)
        #expect(gate.turnCount == 8)
    }

    @Test("a call that is withdrawn never has its turn, and is withdrawn once")
    func withdraw() {
        var gate = CallGate<Token>(limit: 1)
        let calls = tokens(4)
        for call in calls { _ = gate.arrived(call) }
        #expect(gate.withdraw(calls[0]) == false)  // it runs
        #expect(gate.withdraw(calls[1]) == true)
        #expect(gate.withdraw(calls[1]) == false)
        #expect(!gate.isWaiting(calls[1]) && gate.isWaiting(calls[2]))
        #expect(gate.waiting.map(\.number) == [2, 3])
        #expect(gate.left(calls[0]) === calls[2])
        #expect(gate.withdraw(calls[3]) == true)
        #expect(gate.left(calls[2]) == nil)
        #expect(gate.running.isEmpty)
    }

    @Test("a call without a turn has none to give back")
    func leftTwice() {
        var gate = CallGate<Token>(limit: 1)
        let calls = tokens(3)
        for call in calls { _ = gate.arrived(call) }
        #expect(gate.left(calls[1]) == nil)
        #expect(gate.left(calls[0]) === calls[1])
        #expect(gate.left(calls[0]) == nil)
        #expect(gate.waiting.map(\.number) == [2])
    }

    @Test("a limit below one is one", arguments: [0, -3])
    func smallest(limit: Int) {
        var gate = CallGate<Token>(limit: limit)
        let calls = tokens(2)
        #expect(gate.arrived(calls[0]) == true)
        #expect(gate.arrived(calls[1]) == false)
    }

    @Test("at random, it does what a plain list does", arguments: 1...10 as ClosedRange<UInt64>)
    func random(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let limit = Int.random(in: 1...5, using: &random)
        var gate = CallGate<Token>(limit: limit)
        var running: [Token] = []
        var waiting: [Token] = []
        var all: [Token] = []
        for number in 0..<3_000 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let call = Token(number)
                all.append(call)
                let starts = gate.arrived(call)
                #expect(starts == (running.count < limit), "seed \(seed)")
                if starts { running.append(call) } else { waiting.append(call) }
            case 5..<8:
                guard let call = running.randomElement(using: &random) else { continue }
                running.removeAll { $0 === call }
                let next = gate.left(call)
                #expect(next === waiting.first, "seed \(seed)")
                if let next {
                    waiting.removeFirst()
                    running.append(next)
                }
            default:
                // Any call there ever was.
                guard let call = all.suffix(30).randomElement(using: &random) else { continue }
                let isWaiting = waiting.contains { $0 === call }
                #expect(gate.withdraw(call) == isWaiting, "seed \(seed)")
                waiting.removeAll { $0 === call }
            }
            #expect(gate.running.count == running.count && gate.waitingCount == waiting.count, "seed \(seed)")
            #expect(running.count == limit || waiting.isEmpty, "seed \(seed)")
        }
        #expect(gate.waiting.map(\.number) == waiting.map(\.number))
    }
}

@Suite("standstill watch")
struct StandstillWatchTests {
    @Test("a line that moves is never looked into; one that stands still is, ever more rarely")
    func ticks() {
        var watch = StandstillWatch()
        #expect(watch.began(turnCount: 5) == .milliseconds(50))
        #expect(watch.began(turnCount: 5) == nil)
        #expect(watch.ticked(turnCount: 6, waitingCount: 3) == .moving(next: .milliseconds(50)))
        for milliseconds in [100, 200, 400, 800, 1_000, 1_000] {
            let tick = watch.ticked(turnCount: 6, waitingCount: 3)
            #expect(tick == .standing(next: .milliseconds(milliseconds)))
        }
        #expect(watch.ticked(turnCount: 7, waitingCount: 2) == .moving(next: .milliseconds(50)))
        #expect(watch.ticked(turnCount: 7, waitingCount: 2) == .standing(next: .milliseconds(100)))
        #expect(watch.ticked(turnCount: 9, waitingCount: 0) == .idle)
        #expect(watch.began(turnCount: 9) == .milliseconds(50))
    }
}
