/// One value from each round, of which there is at least one.
struct Samples {
    let median: Double
    let min: Double
    let max: Double
    let count: Int

    init?(_ values: [Double]) {
        let sorted = values.sorted()
        guard let first = sorted.first, let last = sorted.last else { return nil }
        min = first
        max = last
        count = sorted.count
        let middle = sorted.count / 2
        median = sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
}

/// How long each of many calls took, shortest first.
struct Latencies {
    private let sorted: [UInt64]

    init(nanoseconds: [UInt64]) { sorted = nanoseconds.sorted() }

    /// The time, in nanoseconds, within which this share of the calls ended; 0 when there were none.
    func quantile(_ share: Double) -> Double {
        guard !sorted.isEmpty else { return 0 }
        return Double(sorted[Int((share * Double(sorted.count - 1)).rounded())])
    }

    var p50Microseconds: Double { quantile(0.5) / 1_000 }
    var p50Milliseconds: Double { quantile(0.5) / 1e6 }
    var p99Microseconds: Double { quantile(0.99) / 1_000 }
}

/// How many of `count` things happened per second.
func rate(_ count: Int, in nanoseconds: UInt64) -> Double {
    Double(count) * 1e9 / Double(max(nanoseconds, 1))
}

/// Gigabytes (10^9 bytes) per second.
func gigabytesPerSecond(_ byteCount: Int, in nanoseconds: UInt64) -> Double {
    Double(byteCount) / Double(max(nanoseconds, 1))
}
