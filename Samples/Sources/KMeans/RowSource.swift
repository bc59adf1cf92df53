import KMeansMath

/// Where the rows come from. They can be had any number of times.
enum RowSource: Sendable {
    case mixture(GaussianMixture, rowCount: Int)
    case file(MatrixFile)

    var partitioning: Partitioning {
        switch self {
        case .mixture(let mixture, let rowCount):
            Partitioning(rowCount: rowCount, columnCount: mixture.columnCount)
        case .file(let file): Partitioning(rowCount: file.rowCount, columnCount: file.columnCount)
        }
    }

    /// The rows with these numbers, one after the other.
    func rows(_ numbers: Range<Int>) throws -> [Float] {
        switch self {
        case .mixture(let mixture, _): mixture.rows(numbers)
        case .file(let file): try file.rows(numbers)
        }
    }
}
