// What the driver and the shards tell each other, apart from `TextBatch`, `PostingList` and `WordTotal`.

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
