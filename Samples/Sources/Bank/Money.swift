// Money is an `Int` of cents: what is counted to the last cent is not rounded on the way.

extension Int {
    /// This many cents: `12.05`.
    var formattedMoney: String {
        let cents = magnitude % 100
        return "\(self < 0 ? "-" : "")\(magnitude / 100).\(cents < 10 ? "0" : "")\(cents)"
    }
}
