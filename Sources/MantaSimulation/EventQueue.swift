internal import HeapModule
import MantaCore

/// What is to happen, by time; of things at the same time, the first that was entered goes first.
struct EventQueue {
    private struct Entry: Comparable {
        var time: Moment
        var number: UInt64
        /// Where the event is: it is large, and entries move about in the heap.
        var slot: Int

        static func < (left: Entry, right: Entry) -> Bool {
            (left.time, left.number) < (right.time, right.number)
        }
        static func == (left: Entry, right: Entry) -> Bool { left.number == right.number }
    }

    private var heap = Heap<Entry>()
    private var events: [Event?] = []
    private var freeSlots: [Int] = []
    private var lastNumber: UInt64 = 0

    mutating func insert(_ event: Event, at time: Moment) {
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = free
            events[slot] = event
        } else {
            slot = events.count
            events.append(event)
        }
        lastNumber += 1
        heap.insert(Entry(time: time, number: lastNumber, slot: slot))
    }

    mutating func popFirst() -> (time: Moment, event: Event)? {
        guard let entry = heap.popMin(), let event = events[entry.slot] else { return nil }
        events[entry.slot] = nil
        freeSlots.append(entry.slot)
        return (entry.time, event)
    }
}
