internal import FoundationEssentials
internal import Glibc

/// A time of day in UTC, as logs and listings write it: `2026-03-01T09:30:00.125Z`.
package struct Timestamp: Hashable, Sendable, CustomStringConvertible {
    /// Since 1 January 1970.
    package var secondsSinceEpoch: Double

    package init(secondsSinceEpoch: Double) { self.secondsSinceEpoch = secondsSinceEpoch }

    package static var now: Timestamp { Timestamp(secondsSinceEpoch: Date().timeIntervalSince1970) }

    /// With milliseconds.
    package var description: String {
        let milliseconds = Int((secondsSinceEpoch * 1_000).rounded(.down))
        let (seconds, rest) = milliseconds.quotientAndRemainder(dividingBy: 1_000)
        return "\(Self.dayAndTime(seconds)).\(Self.padded(rest, 3))Z"
    }

    /// Without milliseconds: `2026-03-01 09:30:00`.
    package var short: String {
        String(Self.dayAndTime(Int(secondsSinceEpoch.rounded(.down))).map { $0 == "T" ? " " : $0 })
    }

    private static func dayAndTime(_ seconds: Int) -> String {
        var seconds = time_t(seconds)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let day =
            "\(padded(Int(parts.tm_year) + 1900, 4))-\(padded(Int(parts.tm_mon) + 1))-\(padded(Int(parts.tm_mday)))"
        return
            "\(day)T\(padded(Int(parts.tm_hour))):\(padded(Int(parts.tm_min))):\(padded(Int(parts.tm_sec)))"
    }

    private static func padded(_ number: Int, _ width: Int = 2) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
