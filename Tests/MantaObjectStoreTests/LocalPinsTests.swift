import MantaCore
import Testing

@testable import MantaObjectStore

/// Counting the pins of one client.
@Suite("The pins of one client")
struct LocalPinsTests {
    private let id = ObjectID(creator: ProcessID(1), serial: 1)

    @Test("only the first pin is new, and only the last unpin removes its node")
    func counting() {
        var pins = LocalPins()
        #expect(pins.join(id) { _ in true } == nil)
        #expect(pins.add(id, record: 7, node: 70) == nil)
        #expect(pins.join(id) { $0 == 7 } == 7)
        #expect(pins.leave(id, record: 7) == nil)
        #expect(pins.leave(id, record: 7) == 70)
        #expect(pins.isEmpty)
    }

    @Test("of two threads that pin the same at once, one gives its node back")
    func race() {
        var pins = LocalPins()
        #expect(pins.add(id, record: 7, node: 70) == nil)
        #expect(pins.add(id, record: 7, node: 71) == 71)
        #expect(pins.leave(id, record: 7) == nil)
        #expect(pins.leave(id, record: 7) == 70)
        #expect(pins.isEmpty)
    }

    @Test("pins of a doomed object and of another one that has its id now are told apart")
    func doomed() {
        var pins = LocalPins()
        #expect(pins.add(id, record: 7, node: 70) == nil)
        #expect(pins.join(id) { $0 != 7 } == nil)
        #expect(pins.add(id, record: 8, node: 80) == nil)
        #expect(pins.join(id) { $0 != 7 } == 8)
        #expect(pins.leave(id, record: 7) == 70)
        #expect(pins.leave(id, record: 8) == nil)
        #expect(pins.leave(id, record: 8) == 80)
        #expect(pins.isEmpty)
    }

    @Test(
        "a thread that found an object before it was doomed, and comes late, leaves the other's pins as they are"
    )
    func late() {
        var pins = LocalPins()
        #expect(pins.add(id, record: 7, node: 70) == nil)
        #expect(pins.join(id) { $0 != 7 } == nil)
        #expect(pins.add(id, record: 8, node: 80) == nil)
        #expect(pins.add(id, record: 7, node: 71) == 71)
        #expect(pins.leave(id, record: 8) == 80)
        // Records are used again: this is another object, which needs a node of its own.
        let next = ObjectID(creator: ProcessID(1), serial: 2)
        #expect(pins.add(next, record: 8, node: 81) == nil)
        #expect(pins.leave(next, record: 8) == 81)
        #expect(pins.leave(id, record: 7) == nil)
        #expect(pins.leave(id, record: 7) == 70)
        #expect(pins.isEmpty)
    }

    @Test("so it is when the late one is the only pin of the doomed object")
    func lateAlone() {
        var pins = LocalPins()
        #expect(pins.add(id, record: 8, node: 80) == nil)
        #expect(pins.add(id, record: 7, node: 70) == nil)
        #expect(pins.join(id) { $0 != 7 } == nil)
        #expect(pins.add(id, record: 8, node: 81) == 81)
        #expect(pins.leave(id, record: 7) == 70)
        #expect(pins.leave(id, record: 8) == nil)
        #expect(pins.leave(id, record: 8) == 80)
        #expect(pins.isEmpty)
    }

    @Test("what is not pinned is not removed")
    func unknown() {
        var pins = LocalPins()
        #expect(pins.leave(id, record: 7) == nil)
        #expect(pins.isEmpty)
    }
}
