internal import DequeModule
package import MantaCore
package import MantaWire

/// What became of the calls of one actor that their callers may send again, so that each runs once.
///
/// Pure state. A call goes `running → done → spent → evicted`, or is withdrawn before it runs. A reply is kept until
/// its call's deadline, or until there are too many bytes; what is left of it still tells that the call has run. In
/// place of evicted calls there is the highest sequence among them for each caller: what is not above that and not
/// in the table may have run. When a caller has ended, nothing is kept for it but that.
package struct ReplyCache<Call: Sendable>: Sendable {
    package struct Limits: Sendable {
        package var entryCount = 4_096
        package var runningCount = 100_000
        package var byteCount = 8 << 20
        package var callerCount = 1_000
        /// For how long after their deadline calls of a caller that is forgotten may still turn up.
        package var callerTime = Duration.seconds(600)

        package init() {}
    }

    private enum Entry: Sendable {
        case running(Call, followers: [Call])
        case done(ReplyStatus, KeptReply, size: Int, until: Moment)
        case spent(until: Moment)
    }

    private struct Floor: Sendable {
        var sequence: UInt64
        var until: Moment
    }

    private let limits: Limits
    private var entries: [CallToken: Entry] = [:]
    /// The done ones and the spent ones, oldest first.
    private var done = Deque<CallToken>()
    private var spent = Deque<CallToken>()
    private var floors: [ProcessID: Floor] = [:]
    package private(set) var byteCount = 0
    /// What replies held that are not kept any more.
    private var released: [any AnyObject & Sendable] = []

    /// From how many floors on they are looked through for those of callers that can be forgotten.
    private var callerMark: Int

    package init(limits: Limits = Limits()) {
        self.limits = limits
        callerMark = limits.callerCount
    }

    /// Running, done and spent.
    package var entryCount: Int { entries.count }
    package var callerCount: Int { floors.count }
    /// Those whose calls run here, or may be asked for again.
    ///
    /// - Complexity: O(*n*) in the calls.
    package var openCallers: Set<ProcessID> {
        var callers: Set<ProcessID> = []
        for (token, entry) in entries {
            if case .spent = entry { continue }
            callers.insert(token.caller)
        }
        return callers
    }

    package enum OnArrival {
        case run
        /// It runs already: its reply will be this one's too.
        case attached(to: Call)
        case reply(ReplyStatus, KeptReply)
        /// It may have run, and its reply is not known any more.
        case forgotten
        /// Too many run.
        case full
    }

    /// - Complexity: O(1).
    package mutating func arrived(_ token: CallToken, _ call: Call) -> OnArrival {
        switch entries[token] {
        case .running(let leader, let followers):
            entries[token] = .running(leader, followers: followers + [call])
            return .attached(to: leader)
        case .done(let status, let reply, _, _): return .reply(status, reply)
        case .spent: return .forgotten
        case nil:
            if let floor = floors[token.caller], token.sequence <= floor.sequence { return .forgotten }
            guard entries.count - done.count - spent.count < limits.runningCount else { return .full }
            entries[token] = .running(call, followers: [])
            return .run
        }
    }

    /// Keeps the reply of a call, if its caller may still ask for it, and returns the calls that wait for the same; none when
    /// it had one already.
    package mutating func finished(
        _ token: CallToken,
        _ status: ReplyStatus,
        _ reply: KeptReply,
        isWanted: Bool = true,
        until: Moment,
        now: Moment
    ) -> [Call] {
        guard case .running(_, let followers) = entries[token] else { return [] }
        if isWanted {
            let size = reply.byteCount
            entries[token] = .done(status, reply, size: size, until: until)
            done.append(token)
            byteCount += size
        } else {
            entries[token] = .spent(until: until)
            spent.append(token)
        }
        // The newest is kept whatever its size: a frame's limit is its limit.
        while byteCount > limits.byteCount, done.count > 1 { spendOldest() }
        timePassed(to: now)
        while done.count + spent.count > limits.entryCount { evictOldest() }
        if floors.count > callerMark { forgetCallers(now) }
        return followers
    }

    /// A call ended before it ran: sent again, it may run. Returns the calls that waited for its reply.
    package mutating func withdrew(_ token: CallToken) -> [Call] {
        guard case .running(_, let followers) = entries[token] else { return [] }
        entries[token] = nil
        return followers
    }

    /// Lets go of replies that nobody can ask for any more.
    package mutating func timePassed(to now: Moment) {
        while let oldest = done.first, case .done(_, _, _, let until) = entries[oldest], until <= now {
            spendOldest()
        }
    }

    /// These callers have ended: they ask for nothing any more.
    ///
    /// May be called before the last of their calls have come, or ended: again after that, it does the same for those.
    ///
    /// - Returns: Their calls that run, for nobody.
    /// - Complexity: O(*n*) in the calls.
    package mutating func ended(_ callers: Set<ProcessID>) -> [Call] {
        let gone = done.filter { callers.contains($0.caller) }
        if !gone.isEmpty {
            done.removeAll { callers.contains($0.caller) }
            for token in gone { spend(token) }
        }
        return entries.compactMap { token, entry in
            guard case .running(let call, _) = entry, callers.contains(token.caller) else { return nil }
            return call
        }
    }

    /// Takes what replies held that have been let go of since the last time. Its end may be a long story, so it is not told
    /// under the lock of whoever owns this.
    package mutating func takeReleased() -> [any AnyObject & Sendable] {
        guard !released.isEmpty else { return [] }
        defer { released = [] }
        return released
    }

    /// When `timePassed(to:)` has something to do; `nil` while no reply is kept.
    package var nextExpiry: Moment? {
        guard let oldest = done.first, case .done(_, _, _, let until) = entries[oldest] else { return nil }
        return until
    }

    private mutating func spendOldest() {
        if let token = done.popFirst() { spend(token) }
    }

    private mutating func spend(_ token: CallToken) {
        guard case .done(_, let reply, let size, let until) = entries[token] else { return }
        byteCount -= size
        if !reply.attachments.isEmpty { released += reply.attachments }
        entries[token] = .spent(until: until)
        spent.append(token)
    }

    private mutating func evictOldest() {
        if spent.isEmpty { spendOldest() }
        guard let token = spent.popFirst(), case .spent(let until) = entries.removeValue(forKey: token) else {
            return
        }
        let floor = floors[token.caller] ?? Floor(sequence: 0, until: until)
        floors[token.caller] = Floor(
            sequence: max(floor.sequence, token.sequence),
            until: max(floor.until, until)
        )
    }

    private mutating func forgetCallers(_ now: Moment) {
        floors = floors.filter { $0.value.until + limits.callerTime > now }
        // Those that are left cannot be forgotten yet: not looked through again before there are twice as many.
        callerMark = max(limits.callerCount, 2 * floors.count)
    }
}
