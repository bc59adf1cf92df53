import Foundation

/// Reads a file if it is text.
enum TextFile {
    enum Content: Sendable {
        /// Valid UTF-8.
        case text([UInt8])
        case skipped(SkipReason)
    }

    enum SkipReason: Hashable, Sendable {
        /// It holds a zero byte, as no text does and nearly every other format.
        case binary
        case notUTF8
        case unreadable(String)
    }

    static func read(_ path: String) -> Content {
        let bytes: [UInt8]
        do {
            bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            return .skipped(.unreadable(FileFailure.reason(error)))
        }
        if bytes.contains(0) { return .skipped(.binary) }
        guard String(validating: bytes, as: UTF8.self) != nil else { return .skipped(.notUTF8) }
        return .text(bytes)
    }
}

/// A file or folder that cannot be read.
struct FileFailure: Error, Sendable, CustomStringConvertible {
    var path: String
    var reason: String

    var description: String { "\(path): \(reason)" }

    /// What the system said, which Foundation's own message for the same often leaves out.
    static func reason(_ error: any Error) -> String {
        let error = error as NSError
        guard let cause = error.userInfo[NSUnderlyingErrorKey] as? NSError, cause.domain == NSPOSIXErrorDomain
        else {
            return error.localizedDescription
        }
        return String(cString: strerror(Int32(truncatingIfNeeded: cause.code)))
    }
}
