import CMantaShims
import Glibc
import MantaTestSupport
import Testing

/// `manta-store-torture`, in one of its roles, as a child of the test.
final class TortureProcess {
    let process: pid_t
    private let output: Int32
    private var text = ""

    enum End: Equatable {
        case exited(Int32)
        case killed(Int32)
        case stopped
    }

    init(_ arguments: [String]) throws {
        var ends: [Int32] = [-1, -1]
        try #require(manta_pipe(&ends) == 0)
        // Only this end: what the process prints must not fail because nobody reads at the moment.
        try #require(manta_set_nonblocking(ends[0]) == 0)
        let path = try Self.path()
        var strings: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
        strings.append(nil)
        process = manta_spawn(path, strings, environ, 2, ends[1], ends[1], 0)
        for string in strings { free(string) }
        close(ends[1])
        output = ends[0]
        try #require(process > 0, "error \(-process)")
    }

    deinit { close(output) }

    /// It is built into the same folder as the tests.
    private static func path() throws -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let own = String(decoding: buffer[..<max(0, count)].map(UInt8.init(bitPattern:)), as: UTF8.self)
        let folder = try #require(own.lastIndex(of: "/"))
        return own[..<folder] + "/manta-store-torture"
    }

    func signal(_ number: Int32) { kill(process, number) }

    /// All that it has printed so far.
    func printed() -> String {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = read(output, &buffer, buffer.count)
            guard count > 0 else { return text }
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
    }

    /// Waits until it has ended, or a signal has stopped it.
    func end(within duration: Duration = .seconds(60)) async throws -> End {
        var status: Int32 = 0
        try await eventually(within: duration, "the end of \(process), which printed \(printed())") {
            _ = printed()
            return waitpid(process, &status, WNOHANG | WUNTRACED) == process
        }
        if status & 0xff == 0x7f { return .stopped }
        return status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .killed(status & 0x7f)
    }
}
