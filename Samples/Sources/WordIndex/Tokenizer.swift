import Foundation

/// Says what a word is.
///
/// A word is a longest run of characters that Swift calls letters or numbers, in lower case and in canonical
/// composition. Swift takes `é` in one scalar and in two for the same string; composed, they are the same
/// bytes too, and so have the same hash and the same shard.
enum Tokenizer {
    /// The words of `text`, in order.
    static func words(in text: some StringProtocol) -> [String] {
        text.split { !($0.isLetter || $0.isNumber) }.map {
            $0.lowercased().precomposedStringWithCanonicalMapping
        }
    }

    /// How many bytes at the beginning of `text` make a part that can be looked at alone: at least `byteCount`, unless the
    /// text ends before.
    ///
    /// A part ends with a line, or with a space before an ASCII character: neither a word nor a character goes on there.
    static func partByteCount(of text: Span<UInt8>, atLeast byteCount: Int) -> Int {
        var end = min(byteCount, text.count)
        while end < text.count, text[end - 1] != newline, text[end - 1] != space || text[end] >= 0x80 {
            end += 1
        }
        return end
    }

    /// Adds how often words occur in `text`, which is valid UTF-8 and a part of its own.
    ///
    /// Nearly all lines of most files are ASCII, where a byte is a character: they take a path that looks at
    /// no Unicode tables. A line break is always the end of a character, so lines can be looked at one by
    /// one. `--verify` holds this path against the plain one.
    ///
    /// - Parameters:
    ///   - text: A part of a text, or all of it.
    ///   - counts: What they are added to.
    ///   - isWanted: Says by its ``StableHash`` whether a word is to be counted.
    static func countWords(
        in text: Span<UInt8>,
        _ counts: inout [String: Int],
        where isWanted: (UInt64) -> Bool
    ) {
        var word: [UInt8] = []
        var start = 0
        while start < text.count {
            var end = start
            var isASCII = true
            while end < text.count, text[end] != newline {
                if text[end] >= 0x80 { isASCII = false }
                end += 1
            }
            let line = text.extracting(start..<end)
            if isASCII {
                countASCIIWords(in: line, &counts, scratch: &word, where: isWanted)
            } else {
                let line = line.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
                for word in words(in: line) where isWanted(StableHash.value(of: word.utf8)) {
                    counts[word, default: 0] += 1
                }
            }
            start = end + 1
        }
    }

    private static let newline = UInt8(ascii: "\n")
    private static let space = UInt8(ascii: " ")

    private static func countASCIIWords(
        in line: Span<UInt8>,
        _ counts: inout [String: Int],
        scratch word: inout [UInt8],
        where isWanted: (UInt64) -> Bool
    ) {
        for place in line.indices {
            let byte = line[place]
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                word.append(byte)
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): word.append(byte | 0x20)
            default: count(&word, &counts, where: isWanted)
            }
        }
        count(&word, &counts, where: isWanted)
    }

    private static func count(
        _ word: inout [UInt8],
        _ counts: inout [String: Int],
        where isWanted: (UInt64) -> Bool
    ) {
        guard !word.isEmpty else { return }
        if isWanted(StableHash.value(of: word)) {
            counts[String(decoding: word, as: UTF8.self), default: 0] += 1
        }
        word.removeAll(keepingCapacity: true)
    }
}
