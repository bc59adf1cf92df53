internal import MantaCore

/// What is kept of a worker's output, for the cause of its death.
///
/// Of a trap the runtime first writes why, then a frame of the stack on every line, as many as there are. The frames are
/// in the log; here they would push out what matters.
///
/// Pure state.
struct LastOutput {
    /// How far back the line is looked for that says why; backtraces have more lines than those of their frames.
    private static let keptCount = 100
    /// How many lines go into a cause.
    private static let toldCount = 20

    private var kept: [String] = []

    /// Notes a line.
    ///
    /// - Complexity: O(*n*) in the length of lines that begin with a digit, else as good as nothing.
    mutating func append(_ line: String) {
        guard !Self.isStackFrame(line) else { return }
        if kept.count >= Self.keptCount { kept.removeFirst() }
        kept.append(line)
    }

    /// The line that says why the process trapped, if there is one, then the last others, in the order in which they were
    /// written.
    var lines: [String] {
        guard let index = kept.lastIndex(where: DeathCause.tellsOfTrap) else {
            return kept.suffix(Self.toldCount)
        }
        let others = kept[..<index] + kept[(index + 1)...]
        return [kept[index]] + others.suffix(Self.toldCount - 1)
    }

    /// Frames are `12   libc.so.6   0x00007f… start + 4`, or `3 [ra] 0x00007f… f() + 12 in tool at …`.
    private static func isStackFrame(_ line: String) -> Bool {
        let text = line.drop { $0 == " " }
        guard text.first?.isASCIIDigit == true else { return text == "Current stack trace:" }
        let words = text.split(separator: " ", maxSplits: 3)
        return words[0].allSatisfy(\.isASCIIDigit)
            && words.dropFirst().prefix(2).contains { $0.hasPrefix("0x") }
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
