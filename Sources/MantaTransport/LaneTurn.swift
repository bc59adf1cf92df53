internal import CMantaShims
import MantaCore

/// What only the thread of a lane touches: its queues, sources and timers.
final class LaneTurn {
    static let wakeUpToken: UInt64 = .max
    static let eventCapacity: Int32 = 64

    /// Ready now, and the batch that runs; swapped so that neither allocates in steady state.
    var jobs: [LaneJob] = []
    var batch: [LaneJob] = []
    /// Sources with something to write, and those being flushed.
    var dirty: [any LaneSource] = []
    var flushing: [any LaneSource] = []
    var timers = TimerHeap<any LaneSource>()
    let events = UnsafeMutablePointer<manta_event>.allocate(capacity: Int(eventCapacity))
    /// One for all sockets of the lane: a link keeps only what is left of an incomplete frame.
    let receiveBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 64)
    let slowNanoseconds: UInt64
    var jobNumber: UInt64 = 0

    private let slowJob: (@Sendable (UInt, Duration) -> Void)?
    private var sources: [(any LaneSource)?] = []
    private var freeTokens: [UInt64] = []
    /// Freed in this turn: an event of the same turn may still name them, so they are reused only in the
    /// next.
    private var retiredTokens: [UInt64] = []

    init(threshold: Duration, slowJob: (@Sendable (UInt, Duration) -> Void)?) {
        slowNanoseconds = slowJob == nil ? .max : (Moment(nanoseconds: 0) + threshold).nanoseconds
        self.slowJob = slowJob
    }

    deinit {
        events.deallocate()
        receiveBuffer.deallocate()
    }

    func insert(_ source: any LaneSource) -> LaneToken {
        if let token = freeTokens.popLast() {
            sources[Int(token)] = source
            return LaneToken(rawValue: token)
        }
        sources.append(source)
        return LaneToken(rawValue: UInt64(sources.count - 1))
    }

    func remove(_ token: LaneToken) {
        sources[Int(token.rawValue)] = nil
        retiredTokens.append(token.rawValue)
    }

    func source(_ token: LaneToken) -> (any LaneSource)? { sources[Int(token.rawValue)] }

    func recycleTokens() {
        guard !retiredTokens.isEmpty else { return }
        freeTokens.append(contentsOf: retiredTokens)
        retiredTokens.removeAll(keepingCapacity: true)
    }

    func report(_ job: UInt, _ nanoseconds: UInt64) {
        slowJob?(job, .nanoseconds(Int64(clamping: nanoseconds)))
    }

    /// Lets go of everything that the lane kept alive.
    func close() {
        sources = []
        dirty = []
        timers = TimerHeap()
    }
}
