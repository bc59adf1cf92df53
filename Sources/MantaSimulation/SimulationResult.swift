package import MantaCore

/// How a run ended.
package struct SimulationResult: Sendable {
    package let seed: UInt64
    package let nodeCount: Int
    /// A number that two runs share only if the same things happened in them at the same times.
    package let digest: UInt64
    /// How much virtual time passed.
    package let duration: Duration
    package let counts: SimulationCounts
    /// What was promised and did not hold: the first only, and the run ends with it.
    package let violation: Violation?
    /// The last lines of the trace, if one was kept.
    package let trace: [String]
}

/// A promise that was broken.
package struct Violation: Hashable, Sendable, CustomStringConvertible {
    package let seed: UInt64
    package let time: Moment
    package let text: String

    package var description: String {
        "seed \(seed), \(time.secondsText) s: \(text)"
    }
}

extension Moment {
    /// Seconds since the start of the run, to the microsecond.
    var secondsText: String {
        let microseconds = nanoseconds / 1000
        let fraction = String(microseconds % 1_000_000)
        return "\(microseconds / 1_000_000)." + String(repeating: "0", count: 6 - fraction.count) + fraction
    }
}
