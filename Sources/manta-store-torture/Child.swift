internal import CMantaShims
internal import Glibc

/// A process of the torture: this program again, in another role.
struct Child {
    let process: pid_t
    /// The reading end of what it prints; -1 when nobody reads it.
    private let output: Int32

    enum End: Equatable {
        case exited(Int32)
        case killed(Int32)
    }

    init(_ arguments: [String], isRead: Bool = false) {
        var ends: [Int32] = [-1, -1]
        if isRead {
            guard pipe(&ends) == 0 else { Torture.fail("no pipe: error \(errno)") }
        } else {
            ends[1] = open("/dev/null", O_WRONLY | O_CLOEXEC)
        }
        var strings: [UnsafeMutablePointer<CChar>?] = (["manta-store-torture"] + arguments).map { strdup($0) }
        strings.append(nil)
        process = manta_spawn("/proc/self/exe", strings, environ, 2, ends[1], 2, 0)
        for string in strings { free(string) }
        close(ends[1])
        output = ends[0]
        guard process > 0 else { Torture.fail("no process: error \(-process)") }
    }

    func signal(_ number: Int32) { Glibc.kill(process, number) }

    /// What it prints until it ends.
    func read() -> String {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(output, &buffer, buffer.count)
            guard count > 0 else { break }
            text += buffer[..<count]
        }
        close(output)
        return String(decoding: text, as: UTF8.self)
    }

    /// Waits for its end.
    func end() -> End {
        var status: Int32 = 0
        while waitpid(process, &status, 0) != process {
            guard errno == EINTR else { Torture.fail("process \(process) is no child: error \(errno)") }
        }
        return status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .killed(status & 0x7f)
    }

    /// Whether it has ended by itself already, which none should.
    func hasEnded() -> Bool {
        var info = siginfo_t()
        return waitid(P_PID, id_t(process), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_signo != 0
    }
}
