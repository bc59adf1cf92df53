extension Row {
    /// The row as one JSON object, on one line.
    var json: String {
        var fields = [
            ("name", figure.rawValue.quoted), ("unit", figure.unit.quoted), ("pinned", "\(isPinned)"),
            ("median", "\(samples.median)"), ("min", "\(samples.min)"), ("max", "\(samples.max)"),
            ("rounds", "\(samples.count)"),
        ]
        if let floorRatio { fields.append(("floorRatio", "\(floorRatio)")) }
        if let target { fields.append(("target", target.quoted)) }
        return "{" + fields.map { "\($0.quoted): \($1)" }.joined(separator: ", ") + "}"
    }
}

extension String {
    /// For the names and units of this program, which hold no control characters.
    fileprivate var quoted: String {
        "\"" + map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() + "\""
    }
}
