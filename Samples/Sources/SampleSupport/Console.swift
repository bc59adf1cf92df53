import Foundation

/// What a driver says on standard error: warnings, and, when that is a terminal, how far it is.
package struct Console {
    private let program: String
    /// Elsewhere, in a file or a CI log, a line that is written over and over is noise.
    private let showsProgress = isatty(STDERR_FILENO) == 1
    private var hasLine = false
    private var nextUpdate = ContinuousClock.now

    /// - Parameter program: Whose warnings they are.
    package init(program: String) { self.program = program }

    /// Replaces the line that shows progress, at most ten times in a second.
    package mutating func progress(_ text: @autoclosure () -> String) {
        guard showsProgress, .now >= nextUpdate else { return }
        nextUpdate = .now + .milliseconds(100)
        hasLine = true
        write("\r\(text())\u{1B}[K")
    }

    package mutating func clearProgress() {
        guard hasLine else { return }
        hasLine = false
        write("\r\u{1B}[K")
    }

    package mutating func warn(_ text: String) {
        clearProgress()
        write("\(program): warning: \(text)\n")
    }

    /// Where nobody can be told, there is nobody to tell that either.
    private func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
