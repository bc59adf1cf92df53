import KMeansMath
import Manta

/// What a run of `kmeans` is to do.
struct KMeansPlan: Sendable {
    /// Where the rows come from; a path has not been looked at yet.
    enum Input: Sendable {
        case generated(rowCount: Int)
        case file(path: String)
    }

    var input: Input
    var columnCount: Int
    var centreCount: Int
    /// Of the rows that are generated, and of the centres to start from.
    var seed: UInt64
    var lloyd: Lloyd
    /// `nil` for one on each processor that is free.
    var workerCount: Int?
    var isolation: Isolation
    var verifies: Bool

    /// - Returns: Where the rows come from.
    /// - Throws: ``MatrixFileError``; ``TooManyClusters`` if a file has fewer rows than there are to be clusters.
    func openSource() throws -> RowSource {
        switch input {
        case .generated(let rowCount):
            let mixture = GaussianMixture(
                columnCount: columnCount,
                componentCount: centreCount,
                seed: seed
            )
            return .mixture(mixture, rowCount: rowCount)
        case .file(let path):
            let file = try MatrixFile(path, columnCount: columnCount)
            guard file.rowCount >= centreCount else {
                throw TooManyClusters(rowCount: file.rowCount, centreCount: centreCount)
            }
            return .file(file)
        }
    }

    var seeding: Seeding { Seeding(centreCount: centreCount, seed: seed) }
}

/// There are fewer rows than clusters.
struct TooManyClusters: Error, CustomStringConvertible {
    var rowCount: Int
    var centreCount: Int

    var description: String { "\(rowCount) rows cannot make \(centreCount) clusters: see --clusters" }
}
