internal import Dispatch

/// Which connections a server has, and what its accepting thread does next.
struct BulkServerState {
    /// What the accepting thread does.
    enum Plan {
        case accept
        /// All places are taken, some by connections that wait for a request.
        case makeRoom
        /// All places are taken, and all are busy.
        case waitForRoom
        case end
    }

    private struct Connection {
        let stream: any BulkStream
        /// Of the monotonic clock, in nanoseconds; `nil` while a request is served.
        var idleSince: UInt64?
        /// Closed to make room; its thread has not ended yet.
        var isGoing = false
        /// Whether it is certain that a process of the cluster is at the other end.
        var isSecured = true
        /// Signalled when there is a place for it; `nil` when it has one.
        var turn: DispatchSemaphore?

        var hasPlace: Bool { isSecured && !isGoing && turn == nil }
    }

    /// What becomes of a connection that has proved that it belongs to the cluster.
    enum OnSecured {
        /// It is served, after this other one that does nothing has been closed for it.
        case served(closing: (any BulkStream)?)
        /// There is no place for it before this is signalled.
        case waits(DispatchSemaphore)
        /// There are too many that wait, or the server stops.
        case refused
    }

    /// What the thread of a connection does that has nothing to do.
    enum OnIdle {
        case waits
        /// The accepting thread is to be told.
        case isAwaited
        /// Somebody else needs its place.
        case leaves
    }

    var figures = BulkServer.Figures()
    private var connections: [Int: Connection] = [:]
    private var lastNumber = 0
    private var threadCount = 0
    private var isStarted = false
    private var isStopped = false
    private var isListening = true
    /// Whether the accepting thread waits for a place.
    private var isStarved = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Whether the accepting thread is to be started.
    mutating func startAccepting() -> Bool {
        guard !isStarted, !isStopped else { return false }
        isStarted = true
        threadCount += 1
        return true
    }

    mutating func plan(limit: Int) -> Plan {
        isStarved = false
        if isStopped { return .end }
        if connections.count < limit { return .accept }
        isStarved = true
        // One that is going makes room soon.
        let hasIdle = connections.values.contains { $0.idleSince != nil }
        return hasIdle && !connections.values.contains { $0.isGoing } ? .makeRoom : .waitForRoom
    }

    /// The connection's number; `nil` when the server has stopped meanwhile.
    mutating func add(_ stream: any BulkStream, isSecured: Bool = true) -> Int? {
        guard !isStopped else { return nil }
        lastNumber += 1
        threadCount += 1
        connections[lastNumber] = Connection(stream: stream, isSecured: isSecured)
        figures.mostConnectionCount = max(figures.mostConnectionCount, connections.count)
        return lastNumber
    }

    /// What to close, so that no more than `limit` connections have yet to prove whose they are.
    mutating func takeOldestUnsecured(limit: Int) -> (any BulkStream)? {
        let unsecured = connections.filter { !$0.value.isSecured && !$0.value.isGoing }.keys.sorted()
        guard unsecured.count > limit, let oldest = unsecured.first else { return nil }
        connections[oldest]?.isGoing = true
        return connections[oldest]?.stream
    }

    /// A connection has proved that it belongs to the cluster. Those who came by the port cannot be kept waiting outside, so
    /// twice as many are served, and some more wait with a thread each.
    mutating func secured(_ number: Int, limit: Int) -> OnSecured {
        connections[number]?.isSecured = true
        guard !isStopped else { return .refused }
        let count = placeCount
        guard count > limit else { return .served(closing: nil) }
        if let idle = takeLongestIdle() { return .served(closing: idle) }
        guard count > limit * 2 else { return .served(closing: nil) }
        guard connections.values.count(where: { $0.turn != nil }) < limit * 8 else { return .refused }
        let turn = DispatchSemaphore(value: 0)
        connections[number]?.turn = turn
        return .waits(turn)
    }

    private var placeCount: Int { connections.values.count { $0.hasPlace } }

    /// A connection has ended.
    ///
    /// - Returns: What to signal: it has a place now.
    mutating func remove(_ number: Int, limit: Int) -> DispatchSemaphore? {
        connections[number] = nil
        guard placeCount < limit * 2 else { return nil }
        guard let next = connections.filter({ $0.value.turn != nil }).keys.min() else { return nil }
        defer { connections[next]?.turn = nil }
        return connections[next]?.turn
    }

    mutating func becameIdle(_ number: Int, at now: UInt64) -> OnIdle {
        if connections.values.contains(where: { $0.turn != nil }) {
            connections[number]?.isGoing = true
            return .leaves
        }
        connections[number]?.idleSince = now
        return isStarved ? .isAwaited : .waits
    }

    mutating func becameBusy(_ number: Int) { connections[number]?.idleSince = nil }

    /// What to close for one that waits to be accepted. A request that arrives just now is lost with it: its sender
    /// sees a connection that ended before the answer, and asks again over a new one.
    mutating func takeLongestIdle() -> (any BulkStream)? {
        let idle = connections.compactMap { entry in entry.value.idleSince.map { (entry.key, $0) } }
        guard let (number, _) = idle.min(by: { $0.1 < $1.1 }) else { return nil }
        connections[number]?.isGoing = true
        connections[number]?.idleSince = nil
        return connections[number]?.stream
    }

    /// What to close, and to signal after that.
    mutating func stop() -> (streams: [any BulkStream], turns: [DispatchSemaphore]) {
        isStopped = true
        return (connections.values.map(\.stream), connections.values.compactMap(\.turn))
    }

    /// Whether the listening socket is open still; it is the caller's to close.
    mutating func takeListener() -> Bool {
        defer { isListening = false }
        return isListening
    }

    /// Whether all threads have ended already; if not, the continuation is kept.
    mutating func waitForEnd(_ continuation: CheckedContinuation<Void, Never>) -> Bool {
        guard threadCount > 0 else { return true }
        waiting.append(continuation)
        return false
    }

    /// Whom to tell that no thread is left.
    mutating func threadEnded() -> [CheckedContinuation<Void, Never>] {
        threadCount -= 1
        guard threadCount == 0, isStopped else { return [] }
        defer { waiting = [] }
        return waiting
    }
}
