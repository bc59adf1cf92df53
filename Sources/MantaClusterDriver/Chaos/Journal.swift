import Glibc

/// What an actor has done, written so that it is there after the actor's process was killed: one line an operation, in one
/// file for each incarnation.
final class Journal {
    private let file: Int32

    init(folder: String, name: String) {
        file = open(
            "\(folder)/\(name)-\(getpid())-\(monotonicNow())",
            O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC,
            0o600
        )
    }

    deinit { close(file) }

    /// One write, which is there whole or not at all.
    func note(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        _ = write(file, bytes, bytes.count)
    }
}

/// Nanoseconds of a clock that all processes of the machine share.
func monotonicNow() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
