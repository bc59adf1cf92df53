@testable import MantaGCS
import Testing

@Suite("Decisions on their way to the storage")
struct CommitLineTests {
    @Test("while one batch is written the next one gathers, and each is carried out when it is durable")
    func batches() {
        var line = CommitLine<String, Int>()
        #expect(line.isEmpty)
        let begins = [line.decided(["a"]), line.decided(["b"])]
        #expect(begins == [true, false])
        let isWriting = line.begin()
        let beginsAgain = [line.decided(["c"]), line.decided(["d", "e"])]
        #expect(isWriting && beginsAgain == [false, false])
        #expect(line.written().actions == ["a", "b"] && !line.isEmpty)
        let isWritingMore = line.begin()
        #expect(isWritingMore && line.written().actions == ["c", "d", "e"] && line.isEmpty)
        let isWritingNothing = line.begin()
        let beginsAnew = line.decided(["f"])
        #expect(!isWritingNothing && beginsAnew)
    }

    @Test("who asks waits for what is being written, or for what gathers if there is any")
    func waiters() {
        var line = CommitLine<String, Int>()
        let isKept = line.wait(1)
        #expect(!isKept)
        _ = line.decided(["a"])
        _ = line.wait(2)
        _ = line.begin()
        _ = line.wait(3)
        _ = line.decided([])
        _ = line.wait(4)
        #expect(line.written().waiters == [2, 3])
        _ = line.begin()
        #expect(line.written().waiters == [4])
    }

    @Test("what cannot be written is never carried out, and its waiters are told, once")
    func failure() {
        var line = CommitLine<String, Int>()
        _ = line.decided(["a"])
        _ = line.wait(1)
        _ = line.begin()
        _ = line.decided(["b"])
        _ = line.wait(2)
        #expect(line.fail() == [1, 2])
        #expect(line.isEmpty && line.fail() == [] && line.written().actions == [])
    }
}
