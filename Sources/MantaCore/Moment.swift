/// A point on the monotonic clock of this machine, in nanoseconds.
///
/// The data path reads and compares the time of every call: one machine word, where the standard library's
/// instant is 16 bytes with a multiplication.
package struct Moment: Comparable, Hashable, Sendable {
    package var nanoseconds: UInt64

    package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// Later than every other: "no deadline".
    package static let distantFuture = Moment(nanoseconds: .max)

    package static func < (left: Moment, right: Moment) -> Bool { left.nanoseconds < right.nanoseconds }

    /// About 270 years.
    private static let longestStep = Duration.seconds(1 << 33)

    /// Stays at the distant future, or at zero, instead of wrapping.
    package static func + (moment: Moment, duration: Duration) -> Moment {
        // Compared before it is taken apart: a duration may have more seconds than an integer.
        guard duration < longestStep else { return .distantFuture }
        let (seconds, attoseconds) = max(duration, .zero - longestStep).components
        let step = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        guard step >= 0 else {
            let back = UInt64(-step)
            return Moment(nanoseconds: moment.nanoseconds > back ? moment.nanoseconds - back : 0)
        }
        let (sum, overflow) = moment.nanoseconds.addingReportingOverflow(UInt64(step))
        return overflow ? .distantFuture : Moment(nanoseconds: sum)
    }

    /// How long from `earlier` to this moment; zero when it is later.
    package func since(_ earlier: Moment) -> Duration {
        nanoseconds > earlier.nanoseconds
            ? .nanoseconds(Int64(clamping: nanoseconds - earlier.nanoseconds)) : .zero
    }
}
