import MantaCore
@testable import MantaGCS
import Testing

struct FeedTests {
    private func freed(_ number: Int) -> Feed.Event {
        .nameFreed(QualifiedName("name-\(number)", namespace: "default"))
    }

    @Test("a reader who asks for the first time has nothing to forget")
    func firstQuestion() {
        var feed = Feed()
        #expect(feed.news(after: nil) == Feed.News(events: [], hasGap: false, cursor: 0))
        feed.append(freed(1))
        #expect(feed.news(after: nil) == Feed.News(events: [], hasGap: false, cursor: 1))
    }

    @Test("a reader gets each event after its last question, in order")
    func inOrder() {
        var feed = Feed()
        let cursor = feed.cursor
        feed.append(freed(1))
        feed.append(.processesLost([worker]))
        let news = feed.news(after: cursor)
        #expect(news == Feed.News(events: [freed(1), .processesLost([worker])], hasGap: false, cursor: 2))
        #expect(feed.news(after: 1).events == [.processesLost([worker])])
        #expect(feed.news(after: 2) == Feed.News(events: [], hasGap: false, cursor: 2))
    }

    @Test("a reader who was away for too long learns that it has missed something")
    func gap() {
        var feed = Feed(limit: 4)
        for number in 0..<5 { feed.append(freed(number)) }
        // The fifth made room by letting go of the oldest two.
        #expect(
            feed.news(after: 1)
                == Feed.News(events: [freed(2), freed(3), freed(4)], hasGap: true, cursor: 5)
        )
        #expect(
            feed.news(after: 2)
                == Feed.News(events: [freed(2), freed(3), freed(4)], hasGap: false, cursor: 5)
        )
    }

    @Test("of all events never more than the limit is kept, and never less than half of it")
    func bound() {
        var feed = Feed(limit: 10)
        for number in 0..<1_000 {
            feed.append(freed(number))
            let kept = feed.news(after: 0).events
            #expect(kept.count <= 10 && kept.count >= min(number + 1, 5))
            #expect(kept.last == freed(number) && feed.cursor == UInt64(number + 1))
        }
    }

    @Test("a cursor from the future gets nothing, and is set right")
    func future() {
        var feed = Feed()
        feed.append(freed(1))
        #expect(feed.news(after: 9) == Feed.News(events: [], hasGap: false, cursor: 1))
    }
}
