internal import CMantaShims
internal import Glibc

/// A writer: this program again.
struct Child {
    private let process: pid_t
    private let output: Int32

    init(_ arguments: [String]) {
        var ends: [Int32] = [-1, -1]
        guard manta_pipe(&ends) == 0 else { Torture.fail("no pipe: error \(errno)") }
        var strings: [UnsafeMutablePointer<CChar>?] = (["manta-directory-torture"] + arguments).map {
            strdup($0)
        }
        strings.append(nil)
        process = manta_spawn("/proc/self/exe", strings, environ, 2, ends[1], 2, 0)
        for string in strings { free(string) }
        close(ends[1])
        output = ends[0]
        guard process > 0 else { Torture.fail("no process: error \(-process)") }
    }

    /// The next number that it tells; waits for it. `nil` when it has ended.
    func next() -> UInt64? {
        var number: UInt64 = 0
        return read(output, &number, 8) == 8 ? number : nil
    }

    /// Kills it.
    ///
    /// - Returns: The highest number that it has told, of those that nobody has read yet.
    func kill() -> UInt64? {
        Glibc.kill(process, SIGKILL)
        var highest: UInt64?
        while let number = next() { highest = number }
        close(output)
        var status: Int32 = 0
        while waitpid(process, &status, 0) != process {}
        guard status & 0x7f == SIGKILL else {
            Torture.fail("a writer has ended by itself: \(status >> 8 & 0xff)")
        }
        return highest
    }
}
