import MantaCore
@testable import MantaRaylet
import Testing

@Suite("the last output of a worker")
struct LastOutputTests {
    private let boom = "Shared.swift:21: Fatal error: boom"

    private func told(_ lines: [String]) -> [String] {
        var output = LastOutput()
        for line in lines { output.append(line) }
        return output.lines
    }

    @Test("it begins with why the process trapped, however deep the stack was")
    func trap() {
        let frames = (0..<150).map { "\($0)    server      0x000055d0c8a1b2c3 <unavailable> + 3956" }
        #expect(told(["ready", boom, "Current stack trace:"] + frames) == [boom, "ready"])
        let traced = (0..<40).map { "\($0) [ra] 0x00007f3 boom() + 12 in server at /src/Shared.swift:21" }
        let registers = (0..<30).map { "r\($0) 0x0000000000000000" }
        let lines = told([boom, "Thread 0 crashed:"] + traced + registers)
        #expect(lines.first == boom)
        #expect(lines.dropFirst().elementsEqual(registers.suffix(19)))
    }

    @Test("failed assertions and preconditions count, and of several lines the last one")
    func markers() {
        let lines = ["A.swift:1: Assertion failed: early", "B.swift:2: Precondition failed: late", "bye"]
        #expect(told(lines) == [lines[1], lines[0], "bye"])
        #expect(told([boom, lines[0]]) == [lines[0], boom])
    }

    @Test("without such a line it is the last lines; numbers at their beginning make no frames of them")
    func plain() {
        #expect(told((1...30).map { "line \($0)" }) == (11...30).map { "line \($0)" })
        let lines = ["3", "", "3 apples", "12:30 0x1", "0x1 2"]
        #expect(told(lines) == lines)
        #expect(told([]).isEmpty)
    }

    @Test("what a worker failed of long ago is not why it ended")
    func old() {
        let later = (0..<100).map { "line \($0)" }
        #expect(told([boom] + later) == later.suffix(20))
    }

    @Test("the cause of death shows why, then the last lines")
    func cause() {
        let cause = DeathCause.crashed(signal: 4, lastOutput: told(["a", "b", "c", boom, "d"]))
        #expect(cause.description.hasSuffix("; last output: \(boom) | c | d"))
    }
}
