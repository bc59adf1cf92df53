import MantaRuntime
import Testing

struct RepetitionTests {
    @Test("what is wanted while it is done is done once more, however often it was wanted")
    func again() {
        var repetition = Repetition()
        #expect(repetition.wanted() == true)
        #expect(repetition.done() == false)
        #expect(repetition.wanted() == true && repetition.wanted() == false && repetition.wanted() == false)
        #expect(repetition.done() == true && repetition.done() == false)
        #expect(repetition.wanted() == true)
    }

    @Test("what has failed is done once more")
    func failure() {
        var repetition = Repetition()
        #expect(repetition.wanted() == true)
        repetition.failed()
        #expect(repetition.done() == true && repetition.done() == false)
    }
}
