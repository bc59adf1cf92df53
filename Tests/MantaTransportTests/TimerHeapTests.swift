import MantaCore
import MantaTestSupport
import MantaTransport
import Testing

@Suite("timer heap")
struct TimerHeapTests {
    private func moment(_ nanoseconds: UInt64) -> Moment { Moment(nanoseconds: nanoseconds) }

    @Test("timers come out by their moment, whatever the order in which they were set")
    func order() {
        var timers = TimerHeap<String>()
        for (name, due) in [("c", 30), ("a", 10), ("d", 40), ("b", 20)] as [(String, UInt64)] {
            timers.insert(name, at: moment(due))
        }
        var due: [String] = []
        while let name = timers.pop(notAfter: moment(100)) { due.append(name) }
        #expect(due == ["a", "b", "c", "d"])
        #expect(timers.isEmpty)
    }

    @Test("a timer is due at its moment, not before")
    func due() {
        var timers = TimerHeap<String>()
        timers.insert("a", at: moment(10))
        #expect(timers.pop(notAfter: moment(9)) == nil)
        #expect(timers.pop(notAfter: moment(10)) == "a")
        #expect(timers.pop(notAfter: moment(10)) == nil)
    }

    @Test("the next moment is that of the earliest, and the distant future when there is none")
    func next() {
        var timers = TimerHeap<Int>()
        #expect(timers.next == .distantFuture)
        timers.insert(2, at: moment(20))
        timers.insert(1, at: moment(10))
        #expect(timers.next == moment(10))
        #expect(timers.pop(notAfter: moment(15)) == 1)
        #expect(timers.next == moment(20))
    }

    @Test("an owner that sets two timers is called twice")
    func twice() {
        var timers = TimerHeap<Int>()
        timers.insert(1, at: moment(5))
        timers.insert(1, at: moment(5))
        #expect(
            [
                timers.pop(notAfter: moment(5)), timers.pop(notAfter: moment(5)),
                timers.pop(notAfter: moment(5)),
            ] == [1, 1, nil]
        )
    }

    @Test("random timers come out as from a sorted list", arguments: [1, 2, 3] as [UInt64])
    func random(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var timers = TimerHeap<UInt64>()
        var model: [UInt64] = []
        var now: UInt64 = 0
        for step in 0..<5_000 {
            if random.chance(percent: 55) {
                let due = now + UInt64.random(in: 0..<200, using: &random)
                timers.insert(due, at: moment(due))
                model.append(due)
            } else {
                now += UInt64.random(in: 0..<60, using: &random)
                while let due = timers.pop(notAfter: moment(now)) {
                    guard let expected = model.min(), let place = model.firstIndex(of: due), due == expected
                    else {
                        Issue.record(
                            "seed \(seed), step \(step): \(due) came, \(String(describing: model.min())) was first"
                        )
                        return
                    }
                    model.remove(at: place)
                }
                #expect(model.allSatisfy { $0 > now }, "seed \(seed), step \(step)")
            }
            #expect(timers.next.nanoseconds == model.min() ?? .max, "seed \(seed), step \(step)")
        }
    }
}
