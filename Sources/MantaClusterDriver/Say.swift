import Glibc

/// Prints a line at once: whoever reads it is not to wait for a buffer that fills.
func say(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    _ = write(1, bytes, bytes.count)
}
