extension Duration {
    private static let units: [(name: String, seconds: Int64)] = [
        ("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1),
    ]

    /// As a person says it, in its two largest units: `2 d 3 h`, `1 min 5 s`, `12 s`, `0.3 s`.
    package var text: String {
        let duration = self < .zero ? .zero - self : self
        let sign = self < .zero ? "-" : ""
        guard duration >= .seconds(1) else {
            let tenths = (duration / .milliseconds(100)).rounded() / 10
            return "\(sign)\(decimal: tenths) s"
        }
        var rest = duration.components.seconds
        var parts: [String] = []
        for unit in Self.units {
            let count = rest / unit.seconds
            rest %= unit.seconds
            // A unit that is nothing after the first one ends it: nobody reads "2 d 5 s".
            if count == 0, !parts.isEmpty { break }
            if count > 0 { parts.append("\(count) \(unit.name)") }
            if parts.count == 2 { break }
        }
        return sign + parts.joined(separator: " ")
    }

    /// In seconds, for other programs.
    package var inSeconds: Double { self / .seconds(1) }

    /// Reads seconds, as options give them: `3`, `0.5`.
    ///
    /// - Throws: ``OptionError`` for anything else, for zero, and for more than a year.
    package init(secondsText text: String) throws(OptionError) {
        guard let seconds = Double(text), seconds > 0, seconds <= 366 * 86_400 else {
            throw OptionError("\"\(text)\" is no time: write seconds, more than 0, such as 3 or 0.5")
        }
        self = .seconds(seconds)
    }
}
