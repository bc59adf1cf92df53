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

    /// How often each word occurs in `text`, which is valid UTF-8.
    ///
    /// Nearly all lines of most files are ASCII, where a byte is a character: they take a path that looks at
    /// no Unicode tables. A line break is always the end of a character, so lines can be looked at one by
    /// one. `--verify` holds this path against the plain one.
    static func countWords(in text: [UInt8]) -> [String: Int] {
        var counts: [String: Int] = [:]
        var word: [UInt8] = []
        for line in text.split(separator: UInt8(ascii: "\n")) {
            if line.allSatisfy({ $0 < 0x80 }) {
                countASCIIWords(in: line, &counts, scratch: &word)
            } else {
                for word in words(in: String(decoding: line, as: UTF8.self)) { counts[word, default: 0] += 1 }
            }
        }
        return counts
    }

    private static func countASCIIWords(
        in line: ArraySlice<UInt8>,
        _ counts: inout [String: Int],
        scratch word: inout [UInt8]
    ) {
        for byte in line {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                word.append(byte)
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): word.append(byte | 0x20)
            default: count(&word, &counts)
            }
        }
        count(&word, &counts)
    }

    private static func count(_ word: inout [UInt8], _ counts: inout [String: Int]) {
        guard !word.isEmpty else { return }
        counts[String(decoding: word, as: UTF8.self), default: 0] += 1
        word.removeAll(keepingCapacity: true)
    }
}
