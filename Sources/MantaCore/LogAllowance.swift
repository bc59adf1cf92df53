/// How much may be logged of what strangers can cause as often as they like: ten lines at once, then one a second.
package struct LogAllowance: Sendable {
    static let burst = 10
    static let interval = Duration.seconds(1)

    private var lines = burst
    private var refilled: Moment
    private var withheld = 0

    package init(now: Moment) { refilled = now }

    /// Asks for one line.
    ///
    /// - Parameter now: The time.
    /// - Returns: How many lines were withheld since the last one; `nil` when this one is withheld too.
    package mutating func take(now: Moment) -> Int? {
        let grown = Int(now.since(refilled) / Self.interval)
        if grown > 0 {
            lines = min(Self.burst, lines + grown)
            refilled = refilled + Self.interval * grown
        }
        guard lines > 0 else {
            withheld += 1
            return nil
        }
        lines -= 1
        defer { withheld = 0 }
        return withheld
    }
}
