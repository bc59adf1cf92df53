import Foundation

/// What the driver says on standard error: warnings, and, when that is a terminal, how far it is.
struct Console {
    /// Elsewhere, in a file or a CI log, a line that is written over and over is noise.
    private let showsProgress = isatty(STDERR_FILENO) == 1
    private var hasLine = false
    private var nextUpdate = ContinuousClock.now

    /// Replaces the line that shows progress, at most ten times in a second.
    mutating func progress(_ text: @autoclosure () -> String) {
        guard showsProgress, .now >= nextUpdate else { return }
        nextUpdate = .now + .milliseconds(100)
        hasLine = true
        write("\r\(text())\u{1B}[K")
    }

    mutating func clearProgress() {
        guard hasLine else { return }
        hasLine = false
        write("\r\u{1B}[K")
    }

    mutating func warn(_ text: String) {
        clearProgress()
        write("wordindex: warning: \(text)\n")
    }

    /// Where nobody can be told, there is nobody to tell that either.
    private func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
