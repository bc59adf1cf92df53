/// Says which shard owns a word: the same one in every process and every run.
struct WordRoute: Codable, Hashable, Sendable {
    var shardCount: Int

    /// The number of the shard that owns the word with this hash, as ``StableHash`` has it.
    func shard(of hash: UInt64) -> Int { Int(hash % UInt64(shardCount)) }
}
