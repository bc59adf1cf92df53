/// Text in columns that line up.
struct Table: CustomStringConvertible {
    struct Column {
        var title: String
        var isRightAligned: Bool

        static func left(_ title: String) -> Column { Column(title: title, isRightAligned: false) }
        static func right(_ title: String) -> Column { Column(title: title, isRightAligned: true) }
    }

    private let columns: [Column]
    private var rows: [[String]]

    init(_ columns: [Column]) {
        self.columns = columns
        rows = [columns.map(\.title)]
    }

    /// - Parameter row: A cell for each column.
    mutating func add(_ row: [String]) { rows.append(row) }

    /// The titles and the rows.
    var lines: [String] {
        let widths = columns.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = columns.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return columns[column].isRightAligned ? padding + row[column] : row[column] + padding
            }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    var description: String { lines.map { "  \($0)" }.joined(separator: "\n") }
}
