import MantaCore
@testable import MantaGCS
import Testing

struct DriverTableTests {
    private let grace = DriverTable.grace

    private func makeTable() -> DriverTable {
        var table = DriverTable()
        table.joined(driver)
        return table
    }

    @Test("a driver whose link is lost is sought once, until there is another")
    func found() {
        var table = makeTable()
        #expect(table.end(of: driver) == nil)
        #expect(table.lost(driver, now: origin) == true && table.lost(worker, now: origin) == false)
        #expect(table.end(of: driver) == origin + grace)
        #expect(
            table.missed(driver, isRefusal: false, isUndecided: false, now: origin + .seconds(1)) == false
        )
        let isOver = table.found(driver)
        #expect(isOver && table.end(of: driver) == nil && table.contains(driver))
        #expect(table.lost(driver, now: origin) == true)
    }

    @Test("a loss that is told while a driver is sought is not forgotten: the link just made may be the one")
    func lostAgain() {
        var table = makeTable()
        #expect(table.lost(driver, now: origin) == true)
        let isNew = table.lost(driver, now: origin + .seconds(1))
        #expect(!isNew && table.end(of: driver) == origin + .seconds(1) + grace)
        let isOver = table.found(driver)
        #expect(!isOver && table.end(of: driver) != nil)
        // Either it was another link that was lost, or there is a new one now.
        let isOverNow = table.found(driver)
        #expect(isOverNow && table.end(of: driver) == nil)
    }

    @Test("a driver is gone when its machine says so twice in a row, or its time is over")
    func gone() {
        var table = makeTable()
        #expect(table.lost(driver, now: origin) == true)
        #expect(table.missed(driver, isRefusal: true, isUndecided: false, now: origin) == false)
        #expect(table.missed(driver, isRefusal: false, isUndecided: false, now: origin) == false)
        #expect(table.missed(driver, isRefusal: true, isUndecided: false, now: origin) == false)
        #expect(table.missed(driver, isRefusal: true, isUndecided: false, now: origin) == true)
        var other = makeTable()
        #expect(other.lost(driver, now: origin) == true)
        let last = origin + (grace - .nanoseconds(1))
        #expect(other.missed(driver, isRefusal: false, isUndecided: false, now: last) == false)
        #expect(other.missed(driver, isRefusal: false, isUndecided: false, now: origin + grace) == true)
    }

    @Test(
        "while nothing is decided of its machine a driver is not given up for silence, and then it has its time"
    )
    func undecided() {
        var table = makeTable()
        #expect(table.lost(driver, now: origin) == true)
        let later = origin + .seconds(60)
        #expect(table.missed(driver, isRefusal: false, isUndecided: true, now: later) == false)
        #expect(table.missed(driver, isRefusal: false, isUndecided: false, now: later + .seconds(1)) == false)
        #expect(
            table.missed(driver, isRefusal: false, isUndecided: false, now: later + Membership.comeback)
                == true
        )
    }

    @Test("one that is removed is not sought any more")
    func removed() {
        var table = DriverTable(awaited: [driver])
        #expect(table.lost(driver, now: origin) == true)
        let wasThere = table.remove(driver)
        #expect(wasThere && table.end(of: driver) == nil && table.found(driver) == true && table.count == 0)
        #expect(table.missed(driver, isRefusal: true, isUndecided: false, now: .distantFuture) == false)
        #expect(table.lost(driver, now: origin) == false)
    }
}
