import MantaCore
import MantaSimulation

/// Adds runs up, and prints how it goes.
struct Report {
    private let total: Int
    private var runs = 0
    private var virtual = Duration.zero
    private var counts = SimulationCounts()
    private let start = ContinuousClock.now
    private var lastPrint = ContinuousClock.now
    /// By seed.
    private(set) var violations: [Violation] = []
    /// The one with the least seed.
    var failed: Violation? { violations.first }

    init(total: Int) { self.total = total }

    mutating func add(_ result: SimulationResult) {
        runs += 1
        virtual += result.duration
        counts += result.counts
        if let violation = result.violation {
            violations.append(violation)
            violations.sort { $0.seed < $1.seed }
        }
        guard lastPrint.duration(to: .now) > .seconds(5) else { return }
        lastPrint = .now
        print("\(runs) of \(total) seeds, \(rounded(Double(runs) / elapsed)) a second")
    }

    private var elapsed: Double { max(0.001, start.duration(to: .now) / .seconds(1)) }

    func printSummary() {
        let hours = virtual / .seconds(3600)
        print(
            "\(runs) of \(total) seeds in \(rounded(elapsed)) s, \(rounded(Double(runs) / elapsed)) a second: "
                + "\(rounded(hours)) simulated hours, \(rounded(hours / elapsed * 60)) a minute"
        )
        print(SimulationCounts.all.map { "\(counts[keyPath: $0.1]) \($0.0)" }.joined(separator: ", "))
    }

    private func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }
}
