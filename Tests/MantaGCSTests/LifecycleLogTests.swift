import MantaCore
@testable import MantaGCS
import Testing

struct LifecycleLogTests {
    @Test("a watcher that asks from where it was gets each event once and in order")
    func inOrder() {
        var log = LifecycleLog()
        log.append(.alive(epoch: 1))
        log.append(.restarting)
        #expect(
            log.news(after: 0) == LifecycleNews(events: [.alive(epoch: 1), .restarting], seenCount: 2)
        )
        #expect(log.news(after: 2) == LifecycleNews(events: [], seenCount: 2))
        log.append(.alive(epoch: 2))
        #expect(log.news(after: 2) == LifecycleNews(events: [.alive(epoch: 2)], seenCount: 3))
        #expect(log.news(after: 1).events == [.restarting, .alive(epoch: 2)])
        #expect(log.count == 3 && log.last == .alive(epoch: 2))
    }

    @Test("one who asks for the first time hears only the present state")
    func firstQuestion() {
        var log = LifecycleLog()
        #expect(log.news(after: nil) == LifecycleNews(events: [], seenCount: 0))
        log.append(.alive(epoch: 1))
        log.append(.terminated(.killed))
        #expect(log.news(after: nil) == LifecycleNews(events: [.terminated(.killed)], seenCount: 2))
    }

    @Test("the newest 256 events are kept; one that comes later starts from the oldest of them")
    func bound() {
        var log = LifecycleLog()
        for epoch in 1...300 { log.append(.alive(epoch: UInt32(epoch))) }
        #expect(log.count == 300)
        for seenCount in [0, 10, 44] {
            let news = log.news(after: seenCount)
            #expect(news.events == (45...300).map { .alive(epoch: $0) } && news.seenCount == 300)
        }
        #expect(log.news(after: 45).events.first == .alive(epoch: 46))
        #expect(log.news(after: 299).events == [.alive(epoch: 300)])
        #expect(log.news(after: nil).events == [.alive(epoch: 300)])
    }

    @Test("a number from the future gets nothing, and is set right")
    func future() {
        var log = LifecycleLog()
        log.append(.alive(epoch: 1))
        #expect(log.news(after: 9) == LifecycleNews(events: [], seenCount: 1))
    }
}
