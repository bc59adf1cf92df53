internal import Distributed
import MantaCore
import MantaTransport
import MantaWire

/// A call that this process has made and that has not ended.
///
/// Unchecked: every `var` is guarded by the lock of the connection that carries the call.
final class PendingCall: @unchecked Sendable {
    let route: Route
    let method: CalledMethod
    let deadline: Moment
    /// The whole frame but for what is known when it is sent; `nil` once it is.
    var frame: ByteWriter?
    let substitutionCount: Int
    /// Some of its arguments lie in objects.
    let hasObjects: Bool
    /// The call that made this one and waits for it.
    let serving: ObjectIdentifier?
    /// `nil` for most. An object, so that those stay within what malloc has at hand at once (120 bytes).
    private let special: SpecialCall?

    var continuation: UnsafeContinuation<CallEnd, Never>?
    var number: UInt32?
    /// Among the calls sent to the same actor; 0 while its window holds it back.
    var place: UInt64 = 0
    var wantsStarted = false
    var isSent = false
    /// Cancelled before or after it began.
    var isCancelled = false

    init(
        route: Route,
        method: CalledMethod,
        terms: CallTerms,
        frame: ByteWriter,
        substitutionCount: Int,
        hasObjects: Bool = false,
        token: CallToken? = nil,
        isOneWay: Bool = false
    ) {
        self.route = route
        self.method = method
        deadline = terms.deadline
        serving = isOneWay ? nil : terms.serving
        special =
            token != nil || isOneWay
            ? SpecialCall(
                token: token,
                isOneWay: isOneWay,
                attachments: isOneWay ? frame.attachments : []
            ) : nil
        self.frame = frame
        self.substitutionCount = substitutionCount
        self.hasObjects = hasObjects
    }
}

extension PendingCall {
    /// Of a call that may be sent again.
    var token: CallToken? { special?.token }
    /// Its caller waits only until it has been handed to the link.
    var isOneWay: Bool { special?.isOneWay ?? false }
}

private final class SpecialCall: Sendable {
    let token: CallToken?
    let isOneWay: Bool
    /// What the frame of a one-way call needs until its reply: its caller goes on, and its turn may come late.
    private let attachments: [any AnyObject & Sendable]

    init(token: CallToken?, isOneWay: Bool, attachments: [any AnyObject & Sendable]) {
        self.attachments = attachments
        self.token = token
        self.isOneWay = isOneWay
    }
}

/// The ways in which a call ends for its caller. There is no other.
enum CallEnd: Sendable {
    case reply(ReplyStatus, FrameBuffer)
    /// Whether it had been sent.
    case timedOut(wasSent: Bool)
    case cancelled
    /// A one-way call is on its way.
    case handedOver
    case linkClosed(LinkFailure, wasSent: Bool)
    /// More calls wait on the link than it has numbers for.
    case tooManyCalls
}

/// The way to one actor: the connection that its calls take, and how many may still be sent.
///
/// Unchecked: `window` is guarded by the lock of the connection.
final class Route: ActorRoute, @unchecked Sendable {
    let actor: ActorID
    let location: ActorLocation
    let connection: Connection
    var window: CallWindow<PendingCall>

    init(actor: ActorID, location: ActorLocation, connection: Connection) {
        self.actor = actor
        self.location = location
        self.connection = connection
        window = CallWindow(limit: location.maxPendingCalls)
    }

    func leadsAs(_ other: Route) -> Bool {
        location == other.location && connection === other.connection
    }
}
