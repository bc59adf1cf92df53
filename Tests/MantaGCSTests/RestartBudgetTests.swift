import MantaCore
import MantaGCS
import Testing

struct RestartBudgetTests {
    /// A budget with the moments at which incarnations end, in seconds after the origin.
    private struct Trial {
        var budget = RestartBudget()
        var random = SplitMix64(seed: 1)

        mutating func die(
            _ policy: RestartPolicy,
            at seconds: Double,
            aliveSince: Double? = nil
        ) -> RestartBudget.Decision {
            budget.decide(
                policy,
                at: origin + .seconds(seconds),
                aliveSince: aliveSince.map { origin + .seconds($0) },
                random: &random
            )
        }

        mutating func delay(at seconds: Double, aliveSince: Double? = nil) throws -> Duration {
            let decision = die(.always, at: seconds, aliveSince: aliveSince)
            guard case .restart(let delay) = decision else {
                throw ClusterError(.timedOut, "one that is always restarted was given up")
            }
            return delay
        }
    }

    @Test("an actor that is never to be restarted is not")
    func never() {
        var trial = Trial()
        #expect(trial.die(.never, at: 0) == .giveUp)
        #expect(trial.die(.upTo(0, within: .seconds(60)), at: 0) == .giveUp)
    }

    @Test("an actor is restarted exactly so many times in a window", arguments: [1, 2, 5])
    func count(_ limit: Int) {
        var trial = Trial()
        let policy = RestartPolicy.upTo(limit, within: .seconds(60))
        for number in 0..<limit { #expect(trial.die(policy, at: Double(number)) != .giveUp) }
        #expect(trial.die(policy, at: Double(limit)) == .giveUp)
        #expect(trial.die(policy, at: 59.999) == .giveUp)
    }

    @Test("the window slides: each restart counts for its length, and not a moment longer")
    func window() {
        var trial = Trial()
        let policy = RestartPolicy.upTo(2, within: .seconds(60))
        #expect(trial.die(policy, at: 0) != .giveUp && trial.die(policy, at: 40) != .giveUp)
        #expect(trial.die(policy, at: 59.999) == .giveUp)
        #expect(trial.die(policy, at: 60) != .giveUp)
        // Those at 40 and 60.
        #expect(trial.die(policy, at: 99.999) == .giveUp)
        #expect(trial.die(policy, at: 100) != .giveUp)
    }

    @Test("an actor that is always to be restarted is, however often")
    func always() {
        var trial = Trial()
        for number in 0..<10_000 { #expect(trial.die(.always, at: Double(number) / 1_000) != .giveUp) }
    }

    @Test(
        "the first restart comes at once, the next ones after delays doubled up to 10 s, give or take a half"
    )
    func backoff() throws {
        var trial = Trial()
        #expect(try trial.delay(at: 0) == .zero)
        for expected in [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10, 10] {
            let delay = try trial.delay(at: 0)
            #expect(delay >= .seconds(expected / 2) && delay <= .seconds(expected * 1.5))
        }
    }

    @Test("the jitter spreads over all of its range")
    func jitter() throws {
        var trial = Trial()
        for _ in 0..<20 { _ = try trial.delay(at: 0) }
        var delays: [Duration] = []
        for _ in 0..<1_000 { delays.append(try trial.delay(at: 0)) }
        let (shortest, longest) = (try #require(delays.min()), try #require(delays.max()))
        #expect(shortest >= .seconds(5) && shortest < .seconds(5.2))
        #expect(longest <= .seconds(15) && longest > .seconds(14.8))
    }

    @Test("an incarnation that took calls for 2 s, and as long as it was waited for, was no failure")
    func healthyLife() throws {
        var trial = Trial()
        for _ in 0..<5 { _ = try trial.delay(at: 0) }
        #expect(try trial.delay(at: 11.999, aliveSince: 10) > .zero)
        #expect(try trial.delay(at: 30, aliveSince: 26) == .zero)
        for _ in 0..<20 { _ = try trial.delay(at: 30) }
        #expect(try trial.delay(at: 34, aliveSince: 30) > .zero)
        #expect(try trial.delay(at: 60, aliveSince: 45) == .zero)
        let next = try trial.delay(at: 61, aliveSince: 60.5)
        #expect(next >= .milliseconds(50) && next <= .milliseconds(150))
    }

    @Test("a healthy life gives no restart back that the policy counts")
    func healthyLifeCounts() {
        var trial = Trial()
        let policy = RestartPolicy.upTo(1, within: .seconds(60))
        #expect(trial.die(policy, at: 20, aliveSince: 0) == .restart(after: .zero))
        #expect(trial.die(policy, at: 40, aliveSince: 20) == .giveUp)
    }

    @Test("the same seed gives the same delays")
    func seeded() {
        var (first, second) = (Trial(), Trial())
        for _ in 0..<20 { #expect(first.die(.always, at: 0) == second.die(.always, at: 0)) }
    }
}
