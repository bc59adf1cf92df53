internal import CMantaShims
internal import Glibc
package import MantaCore
import Synchronization

/// A log that starts a new file when it has grown: `node.log` is the newest part, `node.log.1` the one before.
///
/// What cannot be written, because the disk is full, is left out; a daemon does not end for its log.
package final class LogFile: Sendable {
    package static let defaultLimit = 16 << 20
    /// How many files there are at most.
    package static let defaultCount = 5

    package let path: String
    private let limit: Int
    private let count: Int
    /// Descriptors of the process that go where the log goes: what crashes say comes by them.
    private let followers: [Int32]
    private let state: Mutex<State>

    private struct State {
        var descriptor: Int32
        var size: Int
    }

    /// Opens the log at its end.
    ///
    /// - Parameters:
    ///   - path: The file, in a folder that exists.
    ///   - limit: Past how many bytes a new file is started.
    ///   - count: How many files are kept, with the newest.
    ///   - followers: Descriptors to be pointed at the newest file.
    /// - Throws: ``ClusterError`` when it cannot be written to.
    package init(
        at path: String,
        limit: Int = defaultLimit,
        count: Int = defaultCount,
        followers: [Int32] = []
    ) throws(ClusterError) {
        let opened = Self.opened(path)
        guard opened.descriptor >= 0 else {
            throw ClusterError(
                .invalidArgument,
                "the log \(path) cannot be opened: \(String(cString: strerror(errno)))",
                hint: "check who owns it and its folder, or choose another folder with --directory"
            )
        }
        self.path = path
        self.limit = limit
        self.count = max(1, count)
        self.followers = followers
        state = Mutex(opened)
        for follower in followers { dup2(opened.descriptor, follower) }
    }

    deinit { _ = manta_close(state.withLock { $0.descriptor }) }

    private static func opened(_ path: String) -> State {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        return State(descriptor: descriptor, size: descriptor < 0 ? 0 : Int(lseek(descriptor, 0, SEEK_END)))
    }

    /// Adds a line, which has its line break.
    package func write(_ line: String) {
        var line = line
        line.withUTF8 { bytes in
            state.withLock { state in
                if state.size > 0, state.size + bytes.count > limit { rotate(&state) }
                let written = Glibc.write(state.descriptor, bytes.baseAddress, bytes.count)
                state.size += max(0, written)
            }
        }
    }

    /// Goes on in the file that now has the log's name: somebody has moved the other one away.
    package func reopen() { state.withLock { replace(&$0) } }

    private func rotate(_ state: inout State) {
        for number in stride(from: count - 1, to: 0, by: -1) {
            rename(number == 1 ? path : "\(path).\(number - 1)", "\(path).\(number)")
        }
        if count == 1 { unlink(path) }
        replace(&state)
    }

    private func replace(_ state: inout State) {
        let opened = Self.opened(path)
        // Without a descriptor left it goes on in the old file.
        guard opened.descriptor >= 0 else { return }
        for follower in followers { dup2(opened.descriptor, follower) }
        _ = manta_close(state.descriptor)
        state = opened
    }
}
