/// A word and how often it occurs.
struct WordTotal: Codable, Hashable, Sendable {
    var word: String
    var count: Int
    var fileCount: Int

    /// The more frequent first; the alphabet decides among equals, so that the order never depends on chance.
    func ranks(before other: WordTotal) -> Bool {
        count != other.count ? count > other.count : word < other.word
    }
}

/// The best few of many words, kept in order.
struct TopWords: Sendable {
    private let limit: Int
    private(set) var words: [WordTotal] = []

    init(limit: Int) { self.limit = limit }

    /// - Complexity: O(1) for a word that is not among the best, which most are not.
    mutating func insert(_ word: WordTotal) {
        if words.count == limit {
            guard let last = words.last, word.ranks(before: last) else { return }
            words.removeLast()
        }
        words.insert(word, at: place(of: word))
    }

    /// How many rank before `word`, by halving.
    private func place(of word: WordTotal) -> Int {
        var range = words.startIndex..<words.endIndex
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range =
                words[middle].ranks(before: word) ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }
}
