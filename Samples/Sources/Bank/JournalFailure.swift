import Foundation

/// A journal cannot be read or written, or does not make sense.
struct JournalFailure: Error, Codable, CustomStringConvertible {
    var reason: String

    var description: String { "journal: \(reason)" }

    init(reason: String) { self.reason = reason }

    /// The system has refused a call.
    static func system(_ call: String, _ path: String) -> JournalFailure {
        JournalFailure(reason: "\(call) of \(path) failed: \(String(cString: strerror(errno)))")
    }
}
