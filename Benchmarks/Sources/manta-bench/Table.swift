/// Rows as text, in columns.
struct Table {
    private static let titles = ["name", "pinned", "unit", "median", "min", "max", "x floor", "target"]
    /// Columns of numbers are aligned to the right.
    private static let rightAligned: Set<Int> = [3, 4, 5, 6]

    private let lines: [[String]]

    init(_ rows: [Row]) {
        lines =
            [Self.titles]
            + rows.map { row in
                [
                    row.figure.rawValue,
                    row.isPinned ? "one core" : "no",
                    row.figure.unit,
                    row.samples.median.short,
                    row.samples.min.short,
                    row.samples.max.short,
                    row.floorRatio.map(\.short) ?? "",
                    row.target ?? "",
                ]
            }
    }

    var text: String {
        let widths = Self.titles.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            let cells = line.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - line[column].count)
                return Self.rightAligned.contains(column) ? padding + line[column] : line[column] + padding
            }
            var text = cells.joined(separator: "  ")
            while text.last == " " { text.removeLast() }
            return text
        }.joined(separator: "\n")
    }
}

extension Double {
    /// Three digits or more: `0.123`, `1.23`, `12.3`, `123`, `123,456`.
    var short: String {
        guard isFinite else { return "\(self)" }
        let decimals = magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : 3
        var scale = 1
        for _ in 0..<decimals { scale *= 10 }
        let scaled = Int((magnitude * Double(scale)).rounded())
        var text = (scaled / scale).grouped
        if decimals > 0 {
            let fraction = String(scaled % scale)
            text += "." + String(repeating: "0", count: decimals - fraction.count) + fraction
        }
        return self < 0 ? "-" + text : text
    }
}

extension Int {
    /// `1,234,567`.
    fileprivate var grouped: String {
        let digits = Array(String(self))
        return digits.indices.reduce(into: "") { text, index in
            if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
            text.append(digits[index])
        }
    }
}
