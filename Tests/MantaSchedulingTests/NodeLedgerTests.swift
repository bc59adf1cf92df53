import MantaCore
import MantaScheduling
import Testing

struct NodeLedgerTests {
    // `== true` on calls that change the ledger: the macro takes a bare one as a call on a constant.
    @Test("a demand is acquired whole, and given back leaves no trace")
    func acquireAndRelease() {
        let idle = NodeLedger(total: [.cpu: 4, .memory: 100])
        var ledger = idle
        #expect(ledger.acquire([.cpu: 1.5, .memory: 40]) == true)
        #expect(ledger.available == [.cpu: 2.5, .memory: 60])
        #expect(ledger.held == [.cpu: 1.5, .memory: 40])
        ledger.release([.cpu: 1.5, .memory: 40])
        #expect(ledger == idle)
    }

    @Test("a demand that fits in part takes nothing")
    func allOrNothing() {
        var ledger = NodeLedger(total: [.cpu: 4, .gpu: 1])
        #expect(ledger.acquire([.cpu: 1, .gpu: 2]) == false)
        #expect(ledger.acquire([.cpu: 1, "tpu": 1]) == false)
        #expect(ledger.available == ledger.total && ledger.held.isEmpty)
    }

    @Test("ten tenths of a core fill it, and an eleventh does not fit")
    func tenths() {
        var ledger = NodeLedger(total: [.cpu: 1])
        for _ in 0..<10 { #expect(ledger.acquire([.cpu: 0.1]) == true) }
        #expect(ledger.available.isEmpty)
        #expect(!ledger.fits([.cpu: 0.0001]) && ledger.couldEverFit([.cpu: 1]))
    }

    @Test("nothing always fits, also on a node that offers nothing")
    func emptyDemand() {
        var ledger = NodeLedger(total: [:])
        #expect(ledger.acquire([:]) == true)
        ledger.release([:])
        #expect(ledger.load == 0)
    }

    @Test("less than zero of something never fits, so nobody can add to a node by asking")
    func negativeDemand() {
        var ledger = NodeLedger(total: [.cpu: 1])
        #expect(!ledger.acquire([.cpu: -1]) && !ledger.couldEverFit([.cpu: -1]) && !ledger.fits(["tpu": -1]))
        #expect(ledger.available == [.cpu: 1])
    }

    @Test("a node that claims to offer less than zero offers none")
    func negativeTotal() {
        let ledger = NodeLedger(total: [.cpu: 1, .gpu: -1])
        #expect(ledger.total == [.cpu: 1] && ledger.available == [.cpu: 1])
    }

    @Test("the shortfall is what the idle node lacks, whatever is held")
    func shortfall() {
        var ledger = NodeLedger(total: [.cpu: 2, .memory: 10])
        #expect(ledger.acquire([.cpu: 2]) == true)
        #expect(ledger.shortfall(of: [.cpu: 64, .memory: 10, .gpu: 1]) == [.cpu: 62, .gpu: 1])
        #expect(ledger.shortfall(of: [.cpu: 2]).isEmpty)
    }

    @Test("the load is the share of the busiest resource")
    func load() {
        var ledger = NodeLedger(total: [.cpu: 4, .memory: 100])
        #expect(ledger.acquire([.cpu: 1, .memory: 75]) == true)
        #expect(ledger.load == 0.75)
        ledger.release([.memory: 75])
        #expect(ledger.load == 0.25)
    }

    @Test("amounts at the limit of what can be held do not overflow")
    func largest() {
        let most = Quantity(units: .max)
        var ledger = NodeLedger(total: [.memory: most])
        #expect(ledger.acquire([.memory: most]) == true)
        #expect(ledger.available.isEmpty && ledger.load == 1)
        ledger.release([.memory: most])
        #expect(ledger.available == [.memory: most])
        #expect(NodeLedger(total: [:]).shortfall(of: [.memory: most]) == [.memory: most])
    }

    @Test("releasing more than is held stops the process")
    func overRelease() async {
        await #expect(processExitsWith: .failure) {
            var ledger = NodeLedger(total: [.cpu: 4])
            _ = ledger.acquire([.cpu: 1])
            ledger.release([.cpu: 2])
        }
    }
}
