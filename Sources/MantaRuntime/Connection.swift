internal import DequeModule
internal import Logging
package import MantaCore
package import MantaTransport
package import MantaWire
import Synchronization

/// A link with calls on it, in both directions.
///
/// Calls out are in `Connection+Calls.swift`, calls in are in `Connection+Serving.swift`. The lock is taken
/// before the link's own, never the other way round, and no user code runs under it.
package final class Connection: LinkHandler, LaneSource, Sendable {
    package let system: ClusterSystem
    /// Who is at the other end.
    package let peer: ProcessID
    package let lane: Lane
    let state = Mutex(State())
    /// The methods that the peer has named, by their numbers. Confined to the lane.
    nonisolated(unsafe) var servedMethods: [ServedMethod?] = []
    /// Those among them that this program does not have.
    let unknownNames = Mutex<[UInt32: String]>([:])
    let notes: LaneNotes

    struct State: ~Copyable {
        /// `nil` only before the start.
        var link: Link?
        var failure: LinkFailure?
        var calls = CallTable<PendingCall>()
        /// Calls that wait for the link to be less congested.
        var parked = Deque<PendingCall>()
        /// The callers of one-way calls that have been sent since the lock was taken.
        var handedOver: [UnsafeContinuation<CallEnd, Never>] = []
        /// Whether the peer knows a method's name, by the method's number.
        var isNamed: [Bool] = []
        /// When the timer is set for.
        var timer = Moment.distantFuture
        /// Calls of the peer that run here.
        var running = ServedCalls()
        /// The peer does not take its replies, so its calls are not read.
        var isReadingPaused = false
        /// What waits for pongs, by their numbers.
        var waitingForPongs: [UInt32: AtEnd] = [:]
        var lastPing: UInt32 = 0

        mutating func takeHandedOver() -> [UnsafeContinuation<CallEnd, Never>] {
            defer { handedOver = [] }
            return handedOver
        }
    }

    /// Makes a connection of a greeted socket. Only on `lane`.
    package init(
        _ socket: GreetedSocket,
        system: ClusterSystem,
        lane: Lane,
        heartbeat: LinkLimits.Heartbeat? = nil
    ) {
        self.system = system
        self.lane = lane
        peer = socket.peer.process
        notes = system.notes(of: lane)
        var limits = system.options.linkLimits
        limits.heartbeat = heartbeat ?? system.heartbeat(with: peer, on: lane)
        let link = Link(
            socket: socket.socket,
            lane: lane,
            limits: limits,
            received: socket.received,
            handler: self
        )
        state.withLock { $0.link = link }
        link.start()
        system.options.faults?.entered(link, to: peer)
    }

    /// In both directions.
    var openCallCount: Int { state.withLock { $0.calls.count + $0.running.count } }

    package var isOpen: Bool { state.withLock { $0.failure == nil } }

    /// Closes the link: calls in both directions end.
    package func close(_ reason: String) { state.withLock { $0.link }?.close(.closedHere(reason)) }

    // MARK: LinkHandler

    package func received(_ head: FrameHead, _ body: FrameBody, on link: Link) {
        switch head.kind {
        case .call: serve(head, body)
        case .reply: replied(head, body)
        case .cancel: cancelServed(head.number)
        case .name: named(head, body)
        case .started: started(head.number)
        case .hello, .welcome, .reject: refuse("a second greeting")
        case .ping: break  // the link answers them itself
        case .pong: received(pong: head.number)
        }
    }

    package func drained(_ link: Link) {
        let now = Lane.now
        state.withLock { state in
            if state.isReadingPaused {
                state.isReadingPaused = false
                link.resumeReading()
            }
            while !link.isCongested, let call = state.parked.popFirst() {
                if call.number != nil { transmit(call, &state, now: now) }
            }
        }
        resumeHandedOver()
    }

    package func closed(_ failure: LinkFailure, on link: Link) {
        system.options.faults?.left(link)
        // What they keep goes after the lock is let go of.
        let (calls, running, waiting) = state.withLock { state in
            state.failure = failure
            state.link = nil
            state.parked.removeAll()
            let calls = state.calls.removeAll().map { call in
                call.number = nil
                return (call, call.continuation.take())
            }
            defer { state.waitingForPongs = [:] }
            return (calls, state.running.removeAll(), state.waitingForPongs)
        }
        system.closed(self, failure)
        for (call, continuation) in calls {
            continuation?.resume(returning: .linkClosed(failure, wasSent: call.isSent))
        }
        withExtendedLifetime(waiting) {}
        for call in running { call.linkLost() }
    }

    /// The peer broke the protocol: nothing that it sent can be trusted any more.
    func refuse(_ what: String) {
        system.logger.warning(
            "closing a link: the peer broke the protocol",
            metadata: ["peer": "\(peer)", "what": "\(what)"]
        )
        state.withLock { $0.link }?.close(.protocolViolation(what))
    }
}

/// What a lane's watchdog is told. Confined to the lane.
final class LaneNotes: Sendable {
    private let lane: Lane
    /// The call that ended last on this lane, and in which of its jobs.
    nonisolated(unsafe) private(set) var lastEnded: (job: UInt64, method: ServedMethod, actor: String)?

    init(_ lane: Lane) { self.lane = lane }

    func noteEnd(of method: ServedMethod, of actor: String) {
        if lane.isCurrent { lastEnded = (lane.jobNumber, method, actor) }
    }
}
