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
    mutating func add(_ stream: any BulkStream) -> Int? {
        guard !isStopped else { return nil }
        lastNumber += 1
        threadCount += 1
        connections[lastNumber] = Connection(stream: stream)
        figures.mostConnectionCount = max(figures.mostConnectionCount, connections.count)
        return lastNumber
    }

    mutating func remove(_ number: Int) { connections[number] = nil }

    /// Whether the accepting thread waits for that.
    mutating func becameIdle(_ number: Int, at now: UInt64) -> Bool {
        connections[number]?.idleSince = now
        return isStarved
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

    /// What to close.
    mutating func stop() -> [any BulkStream] {
        isStopped = true
        return connections.values.map(\.stream)
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
