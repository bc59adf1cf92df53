import SampleSupport

/// What the index and the second count do not agree on.
struct VerificationResult: CustomStringConvertible {
    var indexed: IndexedFiles
    var wordCount: Int
    var distinctWordCount = 0
    var duration = Duration.zero
    /// The first few.
    private var differences: [String] = []
    private var differenceCount = 0

    private static let shownLimit = 20

    init(indexed: IndexedFiles, wordCount: Int) {
        self.indexed = indexed
        self.wordCount = wordCount
    }

    var isEqual: Bool { differenceCount == 0 }

    mutating func compare<Value: Equatable>(
        _ what: @autoclosure () -> String,
        _ found: Value,
        _ expected: Value
    ) {
        guard found != expected else { return }
        differenceCount += 1
        if differences.count < Self.shownLimit {
            differences.append("\(what()): \(found) in the index, \(expected) counted again")
        }
    }

    var description: String {
        guard isEqual else {
            let more = differenceCount - differences.count
            return "NOT verified: \(differenceCount) differences\n"
                + differences.map { "  \($0)" }.joined(separator: "\n")
                + (more > 0 ? "\n  and \(more) more" : "")
        }
        return """
            verified: \(indexed.fileCount) files, \(wordCount) words, \(distinctWordCount) distinct words and the top list are \
            the same when counted again in one process (\(duration.formattedSeconds) s)
            """
    }
}
