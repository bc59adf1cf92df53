/// A hash that is the same in every process: FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/).
///
/// Swift's own `Hasher` is seeded anew in each process, so that the workers, and the next run, would disagree
/// about who owns a word.
enum StableHash {
    static func value(of bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
