import Foundation

/// The file in which an account writes down what it has decided: JSON, one line for each entry, only ever appended.
///
/// An entry counts once its newline is written. What `write` has taken is in the page cache, which is the kernel's and
/// not the process's: SIGKILL at any moment leaves it, so nothing here waits for the disk. (A power cut would not leave
/// it: that takes `fdatasync` in ``append(_:)``, and a checksum in each line.)
///
/// An actor of its own, because writing may block, and accounts live on lanes, which must not.
actor Journal {
    private let path: String
    private let descriptor: Int32
    /// Where the next line begins.
    private var end: Int

    /// Opens the journal of an account that starts, and cuts off a line that its last process did not get to finish.
    ///
    /// Nothing was promised to anybody for such a line: an account answers when its entry is complete.
    ///
    /// - Returns: The journal, and what is in it.
    /// - Throws: ``JournalFailure``.
    static func open(_ path: String) throws -> (journal: Journal, entries: [JournalEntry]) {
        let (entries, end) = try read(path)
        let descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0 else { throw JournalFailure.system("open", path) }
        let journal = Journal(path, descriptor, end: end)
        guard ftruncate(descriptor, end) == 0 else { throw JournalFailure.system("ftruncate", path) }
        return (journal, entries)
    }

    /// Makes the journal of a new account.
    static func create(_ path: String, balance: Int) throws {
        try line(.opened(balance: balance)).write(
            to: URL(fileURLWithPath: path),
            options: .withoutOverwriting
        )
    }

    /// What is in a journal, and where the last complete line ends.
    static func read(_ path: String) throws -> (entries: [JournalEntry], end: Int) {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        // What follows the last newline: nothing, or the beginning of a line.
        let torn = lines.last?.count ?? 0
        let entries = try lines.dropLast().map { try JSONDecoder().decode(JournalEntry.self, from: $0) }
        return (entries, bytes.count - torn)
    }

    private init(_ path: String, _ descriptor: Int32, end: Int) {
        self.path = path
        self.descriptor = descriptor
        self.end = end
    }

    deinit { close(descriptor) }

    /// Adds an entry. When this returns it is there for all who open the journal later.
    ///
    /// - Throws: ``JournalFailure``; then nothing is added.
    func append(_ entry: JournalEntry) throws {
        let line = try Self.line(entry)
        var written = 0
        while written < line.count {
            let count = line.withUnsafeBytes {
                write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                defer { ftruncate(descriptor, end) }
                throw JournalFailure.system("write", path)
            }
            written += count
        }
        end += written
    }

    private static func line(_ entry: JournalEntry) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return try encoder.encode(entry) + Data("\n".utf8)
    }
}
