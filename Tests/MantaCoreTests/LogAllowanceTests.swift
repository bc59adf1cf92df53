import MantaCore
import Testing

@Suite("Lines of the log that strangers cause")
struct LogAllowanceTests {
    private let start = Moment(nanoseconds: 0)

    @Test("ten come at once, and what comes too soon after is counted")
    func burst() {
        var allowance = LogAllowance(now: start)
        #expect((0..<10).allSatisfy { _ in allowance.take(now: start) == 0 })
        #expect(allowance.take(now: start) == nil && allowance.take(now: start + .milliseconds(999)) == nil)
        #expect(allowance.take(now: start + .seconds(1)) == 2)
        #expect(allowance.take(now: start + .seconds(1)) == nil)
    }

    @Test("a pause gives ten back, not more")
    func pause() {
        var allowance = LogAllowance(now: start)
        for _ in 0..<12 { _ = allowance.take(now: start) }
        let later = start + .seconds(3_600)
        #expect(allowance.take(now: later) == 2)
        #expect((0..<9).allSatisfy { _ in allowance.take(now: later) == 0 })
        #expect(allowance.take(now: later) == nil)
    }
}
