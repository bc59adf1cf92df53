internal import FoundationEssentials
internal import Glibc
internal import MantaCore
internal import MantaTransport
internal import Synchronization

/// The terminal, or wherever the tool's output goes.
enum Console {
    /// Why results could not be written; zero if all could.
    private static let outputError = Atomic<Int32>(0)

    static func print(_ text: String) { write(text + "\n", to: 1) }
    static func print(_ lines: [String]) { write(lines.map { $0 + "\n" }.joined(), to: 1) }

    /// For what is no result: progress and errors.
    static func note(_ text: String) { write(text + "\n", to: 2) }

    /// As other programs read it: keys in order, one per line.
    static func print(json value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// Whether all results are where they should be, for the end of a command.
    ///
    /// - Throws: ``ClusterError``, `outOfDisk` among others, when some could not be written. What the command did is done.
    static func checkOutput() throws(ClusterError) {
        let number = outputError.load(ordering: .relaxed)
        guard number != 0 else { return }
        throw ClusterError(
            [ENOSPC, EDQUOT].contains(number) ? .outOfDisk : .invalidArgument,
            "cannot write the output: \(MantaTransport.describe(error: number))"
        )
    }

    /// What a person is told of an error: what happened, and on a line of its own what to do.
    static func describe(_ error: any Error) -> String {
        guard let error = error as? ClusterError else { return "\(error)" }
        return error.message + (error.hint.map { "\nHint: \($0)" } ?? "")
    }

    /// Past the buffers of the C library, which an `_exit` would not empty.
    static func write(_ text: String, to descriptor: Int32) { write(Array(text.utf8), to: descriptor) }

    static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&state, 1, -1)
            } else if errno != EINTR {
                if descriptor == 1 { outputError.store(errno, ordering: .relaxed) }
                return
            }
        }
    }
}
