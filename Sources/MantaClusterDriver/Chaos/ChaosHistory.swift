import Manta
import Synchronization

/// What a driver saw while parts of its cluster died, and what of it may not be.
final class ChaosHistory: Sendable {
    private struct Call: Hashable {
        var client: Int
        var operation: Int
    }

    private struct State {
        var replied: Set<Call> = []
        var notExecuted: Set<Call> = []
        var unknown: Set<Call> = []
        /// The newest incarnation of each account that has replied, and when that reply came.
        var newest: [Int: (incarnation: UInt64, at: ContinuousClock.Instant)] = [:]
        var counts: [String: Int] = [:]
        var violations: [String] = []
        var longest: [String: Duration] = [:]
    }

    private let state = Mutex(State())

    /// How much longer than its limit a call may take before it counts as hung: this machine may be busy, and stand still for a while.
    private static let slack = Duration.seconds(30)

    var violations: [String] { state.withLock { $0.violations } }

    func note(_ violation: String) { state.withLock { $0.violations.append(violation) } }

    func count(_ what: String) { state.withLock { $0.counts[what, default: 0] += 1 } }

    func took(_ duration: Duration, limit: Duration, _ what: String) {
        state.withLock { state in
            state.longest[what] = max(state.longest[what] ?? .zero, duration)
            if duration > limit + Self.slack { state.violations.append("a \(what) took \(duration)") }
        }
    }

    /// P5: once a newer incarnation has replied, no call that is sent after that is answered by an older one.
    func replied(
        _ client: Int,
        _ operation: Int,
        by account: Int,
        _ incarnation: UInt64,
        sent: ContinuousClock.Instant
    ) {
        state.withLock { state in
            state.replied.insert(Call(client: client, operation: operation))
            state.counts["replied", default: 0] += 1
            guard let newest = state.newest[account] else {
                state.newest[account] = (incarnation, .now)
                return
            }
            if incarnation > newest.incarnation {
                state.newest[account] = (incarnation, .now)
                state.counts["new incarnations", default: 0] += 1
            } else if incarnation < newest.incarnation, sent > newest.at {
                state.violations.append("account \(account) was answered by an older incarnation")
            }
        }
    }

    func failed(_ client: Int, _ operation: Int, _ error: ClusterError) {
        state.withLock { state in
            let call = Call(client: client, operation: operation)
            if error.outcome == .notExecuted {
                state.notExecuted.insert(call)
            } else {
                state.unknown.insert(call)
            }
            let outcome = error.outcome.map { "\($0)" } ?? "no outcome"
            state.counts["call failed: \(error.code), \(outcome)", default: 0] += 1
            if error.outcome == nil { state.violations.append("an error without an outcome: \(error)") }
        }
    }

    /// P2, P3, P4, P7: what was noted where the calls ran, beside what their callers were told.
    func compare(with journals: [[(client: Int, operation: Int)]]) -> [String] {
        state.withLock { state in
            var problems: [String] = []
            var ran: Set<Call> = []
            for journal in journals {
                var last: [Int: Int] = [:]
                for entry in journal where entry.client >= 0 {
                    let call = Call(client: entry.client, operation: entry.operation)
                    if !ran.insert(call).inserted { problems.append("\(call) ran twice") }
                    if let before = last[entry.client], before >= entry.operation {
                        problems.append("\(call) ran after \(before)")
                    }
                    last[entry.client] = entry.operation
                }
            }
            for call in state.replied.subtracting(ran) {
                problems.append("\(call) was answered and has not run")
            }
            for call in state.notExecuted.intersection(ran) {
                problems.append("\(call) ran, its caller was told that it did not")
            }
            state.counts["unknown that ran"] = state.unknown.intersection(ran).count
            return problems
        }
    }

    var summary: String {
        state.withLock { state in
            let counts = state.counts.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value)" }
            let longest = state.longest.sorted { $0.key < $1.key }.map { "  longest \($0.key): \($0.value)" }
            return (counts + longest).joined(separator: "\n")
        }
    }
}
