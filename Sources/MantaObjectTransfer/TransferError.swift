package import MantaCore

/// Why an object did not come from a source.
package enum TransferError: Error, Hashable, Sendable {
    /// The source does not have the object, or not any more.
    case notFound
    /// The source speaks another version, or says what is wrong with it or with the object.
    case refused(String)
    /// There is no connection to the source now.
    case unreachable(String)
    /// The bytes of a chunk are not those that the source read. The chunk is not counted as received.
    case corrupt(chunk: Int)
    /// What the source sent is no answer.
    case malformed(String)
    /// The source neither sent nor took a byte for this long.
    case stalled(Duration)
    /// The connection ended before the object did.
    case closed(String)
    /// The source has an object of this identifier that differs from what has come of it so far.
    case wrongObject(String)
    /// There is no place here to put the object.
    case noPlace(ClusterError)
    /// Whoever was to give the place did not want the object.
    case notWanted
    /// The task that asked was cancelled, or the fetcher was stopped.
    case cancelled

    /// Whether another source may do better.
    package var isOfSource: Bool {
        switch self {
        case .notFound, .refused, .unreachable, .corrupt, .malformed, .stalled, .closed, .wrongObject: true
        case .noPlace, .notWanted, .cancelled: false
        }
    }

    /// Whether it says nothing of the object: the same source may give it a moment later.
    package var isOfWay: Bool {
        switch self {
        case .unreachable, .corrupt, .stalled, .closed: true
        case .notFound, .refused, .malformed, .wrongObject, .noPlace, .notWanted, .cancelled: false
        }
    }
}

extension TransferError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notFound: "it does not have the object"
        case .refused(let reason), .unreachable(let reason): reason
        case .corrupt(let chunk): "chunk \(chunk) arrived with other bytes than were sent"
        case .malformed(let what): "it broke the protocol: \(what)"
        case .stalled(let duration): "no byte passed for \(duration)"
        case .closed(let how): how
        case .wrongObject(let how): "its object is another one: \(how)"
        case .noPlace(let error): "no place for the object: \(error)"
        case .notWanted: "nobody wants the object any more"
        case .cancelled: "the transfer was cancelled"
        }
    }
}
