import MantaCore
import MantaTestSupport
import Testing

@testable import MantaRuntime

@Suite("replies that wait for their callers")
struct UnreadRepliesTests {
    private let replies = UnreadReplies()
    private let sender = ProcessID(1)
    private let hasEnded = Shared(false)

    private func close(_ sender: ProcessID) {
        let hasEnded = hasEnded
        replies.keep(AtEnd { hasEnded.change { $0 = true } }, untilReadFrom: sender)
    }

    @Test("what waits for them ends when the last one has been read, and not for those that came later")
    func lastOne() {
        var unread = [replies.batch(of: sender), replies.batch(of: sender)]
        close(sender)
        let later = replies.batch(of: sender)
        #expect(!hasEnded.value)
        unread.removeLast()
        #expect(!hasEnded.value)
        unread.removeLast()
        #expect(hasEnded.value)
        withExtendedLifetime(later) {}
    }

    @Test("what waits for nothing ends at once, also while those of others are unread")
    func nothing() {
        let unread = replies.batch(of: ProcessID(2))
        close(sender)
        #expect(hasEnded.value)
        withExtendedLifetime(unread) {}
    }

    @Test("the end of their sender is not waited for: they are read as before")
    func senderEnded() {
        let unread = replies.batch(of: sender)
        replies.ended(sender)
        close(sender)
        #expect(hasEnded.value)
        withExtendedLifetime(unread) {}
    }
}
