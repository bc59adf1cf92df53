import MantaRuntime
import MantaTestSupport
import Testing

@Suite("call window")
struct CallWindowTests {
    @Test("a window is full when as many calls as its limit have not started")
    func full() {
        var window = CallWindow<String>(limit: 3)
        for place in 1...3 as ClosedRange<UInt64> {
            #expect(!window.isFull)
            #expect(window.sent().place == place)
        }
        #expect(window.isFull)
        #expect(window.notStartedCount == 3)
        window.started(1)
        #expect(!window.isFull)
        #expect(window.notStartedCount == 2)
    }

    @Test("a call that has started tells the same of all sent before it")
    func startedInOrder() {
        var window = CallWindow<String>(limit: 10)
        for _ in 0..<6 { _ = window.sent() }
        window.started(4)
        #expect(window.notStartedCount == 2)
        window.started(2)  // its reply came later
        #expect(window.notStartedCount == 2)
        window.started(99)  // more than were ever sent
        #expect(window.notStartedCount == 0)
    }

    @Test("calls are asked to tell that they start from half of the limit on")
    func wantsStarted() {
        var window = CallWindow<String>(limit: 10)
        let wants = (0..<10).map { _ in window.sent().wantsStarted }
        #expect(wants == [false, false, false, false, true, true, true, true, true, true])
        window.started(10)
        #expect(!window.sent().wantsStarted)
    }

    @Test("held calls go in their order, as far as the window allows, and new ones queue behind them")
    func held() {
        var window = CallWindow<String>(limit: 2)
        _ = window.sent()
        _ = window.sent()
        for call in ["a", "b", "c"] { window.hold(call) }
        #expect(window.heldCount == 3)
        #expect(window.next() == nil)
        window.started(1)
        #expect(window.isFull)  // others wait, so the next to come waits behind them
        #expect(window.next() == "a")
        _ = window.sent()
        #expect(window.next() == nil)
        window.started(3)
        #expect(window.next() == "b")
        _ = window.sent()
        #expect(window.next() == "c")
        _ = window.sent()
        #expect(window.next() == nil)
        #expect(window.isFull)
    }

    @Test("a limit below one is one", arguments: [0, -5])
    func smallest(limit: Int) {
        var window = CallWindow<Int>(limit: limit)
        #expect(!window.isFull)
        #expect(window.sent().wantsStarted)
        #expect(window.isFull)
    }

    @Test(
        "at random, no more than the limit have not started, and held calls keep their order",
        arguments: 1...5 as ClosedRange<UInt64>
    )
    func random(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let limit = Int.random(in: 1...8, using: &random)
        var window = CallWindow<Int>(limit: limit)
        var sent: [Int] = []
        var startedCount = 0
        var next = 0
        func send(_ call: Int) {
            sent.append(call)
            #expect(window.sent().place == UInt64(sent.count))
        }
        for _ in 0..<2_000 {
            if random.chance(percent: 60) {
                if window.isFull { window.hold(next) } else { send(next) }
                next += 1
            } else if startedCount < sent.count {
                startedCount = Int.random(in: startedCount + 1...sent.count, using: &random)
                window.started(UInt64(startedCount))
                while let call = window.next() { send(call) }
            }
            #expect(sent.count - startedCount <= limit)
            #expect(window.heldCount == 0 || sent.count - startedCount == limit)
            #expect(sent.count + window.heldCount == next)
        }
        #expect(sent == Array(0..<sent.count))
    }
}
