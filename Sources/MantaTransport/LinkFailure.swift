internal import Glibc

/// Why a link closed.
package enum LinkFailure: Error, Hashable, Sendable {
    /// The process at the other end closed it, or died.
    case peerClosed
    case systemError(call: String, number: Int32)
    case protocolViolation(String)
    /// No byte came for this long, heartbeats included.
    case silent(Duration)
    /// This side closed it.
    case closedHere(String)

    /// `ECONNRESET` also comes from a read, when the peer ended with something unread.
    init(_ call: String, number: Int32) {
        let isEnd = number == EPIPE || number == ECONNRESET
        self = isEnd ? .peerClosed : .systemError(call: call, number: number)
    }
}

extension LinkFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .peerClosed: "the other process closed the link, or died"
        case .systemError(let call, let number): "\(call) failed: \(describe(error: number))"
        case .protocolViolation(let what): "the other side broke the protocol: \(what)"
        case .silent(let duration): "the other process was silent for \(duration)"
        case .closedHere(let why): why
        }
    }
}

/// What the system calls an error number.
package func describe(error number: Int32) -> String {
    guard let text = strerror(number) else { return "error \(number)" }
    return "\(String(cString: text)) (error \(number))"
}
