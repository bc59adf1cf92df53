import Testing

@testable import MantaGCS

@Suite("who waits for what")
struct WaitTableTests {
    @Test("those who wait for a key are given back once, in the order in which they came")
    func order() {
        var table = WaitTable<String, Int>()
        for ticket in 0..<100 {
            table.insert(ticket, ticket: UInt64(ticket), for: ticket.isMultiple(of: 3) ? "a" : "b")
        }
        #expect(table.remove(6) == 6)
        #expect(table.remove(6) == nil)
        #expect(table.removeAll(for: "a") == (0..<100).filter { $0.isMultiple(of: 3) && $0 != 6 })
        #expect(table.removeAll(for: "a") == [])
        #expect(table.remove(9) == nil)
        #expect(table.removeAll() == (0..<100).filter { !$0.isMultiple(of: 3) })
        #expect(table.remove(1) == nil)
    }

    @Test("a hundred thousand who wait for one thing and give up cost no more than each alone")
    func many() {
        var table = WaitTable<Int, UInt64>()
        for ticket in 0..<100_000 as Range<UInt64> { table.insert(ticket, ticket: ticket, for: 1) }
        for ticket in 0..<100_000 as Range<UInt64> { #expect(table.remove(ticket) == ticket) }
        #expect(table.removeAll(for: 1) == [])
    }
}
