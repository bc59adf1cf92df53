import Glibc

/// What the program is doing, for who waits for it: on the standard error, apart from the results.
enum Progress {
    static func note(_ text: String) {
        let line = Array("manta-bench: \(text)\n".utf8)
        _ = write(2, line, line.count)
    }
}
