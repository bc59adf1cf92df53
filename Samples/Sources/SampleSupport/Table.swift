/// Text in columns that line up.
package struct Table: CustomStringConvertible {
    package struct Column {
        var title: String
        var isRightAligned: Bool

        package static func left(_ title: String) -> Column { Column(title: title, isRightAligned: false) }
        package static func right(_ title: String) -> Column { Column(title: title, isRightAligned: true) }
    }

    private let columns: [Column]
    private var rows: [[String]]

    package init(_ columns: [Column]) {
        self.columns = columns
        rows = [columns.map(\.title)]
    }

    /// - Parameter row: A cell for each column.
    package mutating func add(_ row: [String]) { rows.append(row) }

    /// The titles and the rows.
    package var lines: [String] {
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

    package var description: String { lines.map { "  \($0)" }.joined(separator: "\n") }
}
