// What the driver and the shards tell each other, apart from `PostingList` and `WordTotal`.

/// Some of the words of one file: those that one shard owns, or a part of them.
struct WordBatch: Codable, Sendable {
    /// So many that a call is worth its way, so few that adding them takes a lane for a millisecond or two.
    static let wordLimit = 2_000

    /// The number that the driver has given to the file.
    var file: Int
    var words: [String] = []
    /// For each of `words`, how often it occurs in the file.
    var counts: [Int] = []
}

/// How much a shard holds, or all of them together.
struct ShardTotals: Codable, Hashable, Sendable {
    var wordCount = 0
    var distinctWordCount = 0

    static func + (left: ShardTotals, right: ShardTotals) -> ShardTotals {
        ShardTotals(
            wordCount: left.wordCount + right.wordCount,
            distinctWordCount: left.distinctWordCount + right.distinctWordCount
        )
    }
}

/// A shard was asked for an edition that it does not hold: it has been restarted since.
struct OtherEdition: Error, Codable {
    /// What it holds; `nil` for nothing.
    var present: Int?
}
