import MantaCore
import MantaTestSupport
import MantaWire
import Testing

@testable import MantaRuntime

@Suite("reply cache")
struct ReplyCacheTests {
    private let now = Moment(nanoseconds: 1_000_000_000_000)
    private let later = Moment(nanoseconds: 2_000_000_000_000)

    private func token(_ sequence: UInt64, caller: UInt64 = 1) -> CallToken {
        CallToken(caller: ProcessID(caller), sequence: sequence)
    }

    private func limits(entries: Int = 100, bytes: Int = 1_000) -> ReplyCache<String>.Limits {
        var limits = ReplyCache<String>.Limits()
        limits.entryCount = entries
        limits.byteCount = bytes
        return limits
    }

    private func describe(_ arrival: ReplyCache<String>.OnArrival) -> String {
        switch arrival {
        case .run: "run"
        case .attached(let leader): "attached to \(leader)"
        case .reply(let status, let reply): "\(status) \(reply.bytes)"
        case .forgotten: "forgotten"
        case .full: "full"
        }
    }

    @Test("the first of a token runs, those that come while it does share its reply, later ones get it again")
    func shared() {
        var cache = ReplyCache<String>()
        #expect(describe(cache.arrived(token(1), "a")) == "run")
        #expect(describe(cache.arrived(token(1), "b")) == "attached to a")
        #expect(describe(cache.arrived(token(1), "c")) == "attached to a")
        #expect(describe(cache.arrived(token(1, caller: 2), "d")) == "run")
        #expect(cache.finished(token(1), .value, KeptReply([1, 2]), until: later, now: now) == ["b", "c"])
        #expect(cache.finished(token(1), .failed, KeptReply([3]), until: later, now: now) == [])
        #expect(describe(cache.arrived(token(1), "e")) == "value [1, 2]")
    }

    @Test("a call that ended before it ran may run when it comes again")
    func withdrawn() {
        var cache = ReplyCache<String>()
        _ = cache.arrived(token(1), "a")
        _ = cache.arrived(token(1), "b")
        #expect(cache.withdrew(token(1)) == ["b"])
        #expect(cache.withdrew(token(1)) == [])
        #expect(describe(cache.arrived(token(1), "c")) == "run")
        _ = cache.finished(token(1), .thrown, KeptReply([]), until: later, now: now)
        #expect(cache.withdrew(token(1)) == [])
        #expect(describe(cache.arrived(token(1), "d")) == "thrown []")
    }

    @Test("past the limit of bytes the oldest replies go, but not what tells that their calls have run")
    func bytes() {
        var cache = ReplyCache<String>(limits: limits(bytes: 10))
        for sequence in 1...3 as ClosedRange<UInt64> {
            _ = cache.arrived(token(sequence), "")
            let reply = [UInt8](repeating: UInt8(sequence), count: 4)
            _ = cache.finished(token(sequence), .value, KeptReply(reply), until: later, now: now)
        }
        #expect(cache.byteCount == 8)
        #expect(describe(cache.arrived(token(1), "")) == "forgotten")
        #expect(describe(cache.arrived(token(2), "")) == "value [2, 2, 2, 2]")
        // One that is larger than the limit is kept while it is the newest.
        _ = cache.arrived(token(4), "")
        let large = KeptReply([UInt8](repeating: 4, count: 50))
        _ = cache.finished(token(4), .value, large, until: later, now: now)
        #expect(cache.byteCount == 50)
        #expect(cache.entryCount == 4)
    }

    @Test("replies go when their calls' deadlines have passed")
    func time() {
        var cache = ReplyCache<String>()
        #expect(cache.nextExpiry == nil)
        _ = cache.arrived(token(1), "")
        _ = cache.finished(token(1), .value, KeptReply([1]), until: later, now: now)
        #expect(cache.nextExpiry == later)
        cache.timePassed(to: now)
        #expect(cache.byteCount == 1)
        cache.timePassed(to: later)
        #expect(cache.byteCount == 0 && cache.nextExpiry == nil)
        #expect(describe(cache.arrived(token(1), "")) == "forgotten")
    }

    @Test("for a caller that has ended nothing is kept, but what tells that its calls have run")
    func callerEnded() {
        var cache = ReplyCache<String>()
        for sequence in 1...3 as ClosedRange<UInt64> {
            for caller in 1...2 as ClosedRange<UInt64> {
                _ = cache.arrived(token(sequence, caller: caller), "\(sequence) of \(caller)")
            }
        }
        _ = cache.arrived(token(3), "3 again")
        let held = Held()
        for caller in 1...2 as ClosedRange<UInt64> {
            for sequence in 1...2 as ClosedRange<UInt64> {
                let reply = KeptReply([1, 2], attachments: caller == 1 && sequence == 2 ? [held] : [])
                _ = cache.finished(
                    token(sequence, caller: caller),
                    .value,
                    reply,
                    until: later + .seconds(caller),
                    now: now
                )
            }
        }
        #expect(cache.openCallers == [ProcessID(1), ProcessID(2)])
        #expect(cache.takeReleased().isEmpty)
        #expect(cache.ended([ProcessID(1), ProcessID(9)]) == ["3 of 1"])
        #expect(cache.byteCount == 4)
        #expect(cache.takeReleased().map { ObjectIdentifier($0) } == [ObjectIdentifier(held)])
        #expect(cache.takeReleased().isEmpty)
        #expect(describe(cache.arrived(token(1), "")) == "forgotten")
        #expect(describe(cache.arrived(token(1, caller: 2), "")) == "value [1, 2]")
        // What ended later: it is told again then.
        let followers = cache.finished(token(3), .value, KeptReply([3]), until: later, now: now)
        #expect(followers == ["3 again"])
        #expect(cache.ended([ProcessID(1)]) == [])
        #expect(cache.byteCount == 4 && cache.openCallers == [ProcessID(2)])
        // The others' time goes on.
        #expect(cache.nextExpiry == later + .seconds(2))
        cache.timePassed(to: later + .seconds(2))
        #expect(cache.byteCount == 0 && cache.nextExpiry == nil)
    }

    @Test("a reply that nobody will ask for is not kept; the call has run all the same")
    func unwanted() {
        var cache = ReplyCache<String>()
        _ = cache.arrived(token(1), "call")
        let followers = cache.finished(
            token(1),
            .value,
            KeptReply([1]),
            isWanted: false,
            until: later,
            now: now
        )
        #expect(followers.isEmpty && cache.byteCount == 0 && cache.openCallers.isEmpty)
        #expect(describe(cache.arrived(token(1), "again")) == "forgotten")
    }

    private final class Held: Sendable {}

    @Test("past the limit of entries the oldest are evicted: they and all before them may have run")
    func evicted() {
        var cache = ReplyCache<String>(limits: limits(entries: 2))
        for sequence in [5, 2, 8, 9] as [UInt64] {
            _ = cache.arrived(token(sequence), "")
            _ = cache.finished(token(sequence), .value, KeptReply([]), until: later, now: now)
        }
        #expect(cache.entryCount == 2)
        for (sequence, expected) in [
            (1, "forgotten"), (2, "forgotten"), (4, "forgotten"), (5, "forgotten"), (6, "run"), (7, "run"),
            (8, "value []"), (9, "value []"),
        ] as [(UInt64, String)] {
            #expect(describe(cache.arrived(token(sequence), "")) == expected, "\(sequence)")
        }
        #expect(describe(cache.arrived(token(1, caller: 2), "")) == "run")
    }

    @Test("no more than so many run, and callers that are long gone are forgotten")
    func bounds() {
        var limits = limits(entries: 0)
        limits.runningCount = 2
        limits.callerCount = 5
        var cache = ReplyCache<String>(limits: limits)
        #expect(describe(cache.arrived(token(1), "")) == "run")
        #expect(describe(cache.arrived(token(2), "")) == "run")
        #expect(describe(cache.arrived(token(3), "")) == "full")
        #expect(describe(cache.arrived(token(2), "")) == "attached to ")
        for sequence in [1, 2] as [UInt64] { _ = cache.withdrew(token(sequence)) }
        for caller in 1...20 as ClosedRange<UInt64> {
            let when = caller < 8 ? now : later + .seconds(601)
            _ = cache.arrived(token(1, caller: caller), "")
            let until = when + .seconds(100)
            _ = cache.finished(token(1, caller: caller), .value, KeptReply([]), until: until, now: when)
        }
        #expect(cache.callerCount == 13)
        #expect(describe(cache.arrived(token(1, caller: 10), "")) == "forgotten")
    }

    @Test(
        "at random, nothing runs twice, and a reply that comes is the right one",
        arguments: 1...20 as ClosedRange<UInt64>
    )
    func random(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var cache = ReplyCache<String>(limits: limits(entries: 20, bytes: 200))
        var hasRun: Set<CallToken> = []
        var running: [CallToken: Int] = [:]
        var replies: [CallToken: [UInt8]] = [:]
        var time = now
        for step in 0..<3_000 {
            // Mostly rising, as a process counts them; often one of the last again.
            let sequence = UInt64(max(1, step / 3 - Int.random(in: 0..<25, using: &random)))
            let token = token(sequence, caller: UInt64.random(in: 1...2, using: &random))
            if random.chance(percent: 60) {
                switch cache.arrived(token, "") {
                case .run:
                    #expect(hasRun.insert(token).inserted, "seed \(seed)")
                    running[token] = 0
                case .attached: running[token]? += 1
                case .reply(_, let reply): #expect(replies[token] == reply.bytes, "seed \(seed)")
                case .forgotten: #expect(running[token] == nil, "seed \(seed)")
                case .full: Issue.record("seed \(seed): \(running.count) run")
                }
            } else if let (token, followerCount) = running.randomElement(using: &random) {
                running[token] = nil
                if random.chance(percent: 20) {
                    #expect(cache.withdrew(token).count == followerCount)
                    hasRun.remove(token)
                } else {
                    let reply = random.bytes(Int.random(in: 0..<40, using: &random))
                    replies[token] = reply
                    let until = time + .seconds(Int.random(in: 1...50, using: &random))
                    let followers = cache.finished(token, .value, KeptReply(reply), until: until, now: time)
                    #expect(followers.count == followerCount)
                }
            }
            time = time + .seconds(1)
            if random.chance(percent: 10) { cache.timePassed(to: time) }
            if random.chance(percent: 1) {
                // One whose calls come after its end, too.
                let caller = ProcessID(UInt64.random(in: 1...2, using: &random))
                #expect(cache.ended([caller]).count == running.keys.count { $0.caller == caller })
                replies = replies.filter { $0.key.caller != caller || running[$0.key] != nil }
            }
            #expect(cache.byteCount <= 240 && cache.entryCount <= 20 + running.count)
        }
    }
}
