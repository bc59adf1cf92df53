extension DefaultStringInterpolation {
    /// A number without a fraction of nothing: `4`, `0.5`.
    mutating func appendInterpolation(decimal value: Double) {
        if let whole = Int(exactly: value) { appendInterpolation(whole) } else { appendInterpolation(value) }
    }
}
