import ArgumentParser

/// The part of the command line that says which rows there are.
struct DataOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How many rows to generate. (default: 1000000; with --quick, 20000)",
            valueName: "number"
        )
    )
    var rows: Int?

    @Option(
        help: ArgumentHelp("How many numbers a row has. (default: 64; with --quick, 16)", valueName: "number")
    )
    var columns: Int?

    @Option(
        help: ArgumentHelp(
            "A file of rows, instead of generated ones.",
            discussion: """
                Row after row, each number in four bytes (Float32, little-endian), and nothing else. NumPy writes it with \
                matrix.astype("<f4").tofile(path). Takes --columns, too.
                """,
            valueName: "path"
        ),
        completion: .file()
    )
    var input: String?

    @Flag(help: "Fewer rows, for a run that takes a moment.")
    var quick = false

    var rowCount: Int { rows ?? (quick ? 20_000 : 1_000_000) }
    var columnCount: Int { columns ?? (quick ? 16 : 64) }

    private static let rowLimit = 10_000_000_000
    private static let columnLimit = 100_000

    func validate() throws {
        guard (1...Self.rowLimit).contains(rowCount) else {
            throw ValidationError("--rows is between 1 and \(Self.rowLimit), not \(rowCount)")
        }
        guard (1...Self.columnLimit).contains(columnCount) else {
            throw ValidationError("--columns is between 1 and \(Self.columnLimit), not \(columnCount)")
        }
        guard input != nil else { return }
        if rows != nil {
            throw ValidationError("--rows is for rows that are generated; those of --input are counted")
        }
        if quick { throw ValidationError("--quick is for rows that are generated, not for --input") }
        if columns == nil {
            throw ValidationError("--input takes --columns, too: the file does not say how long its rows are")
        }
    }
}
