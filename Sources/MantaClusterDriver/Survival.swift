import Manta

/// Calls named actors all over the cluster again and again, while a test takes parts of it away, and says what it saw.
struct Survival {
    let cluster: ClusterSystem

    /// One actor for each node, each of which is to live whatever happens to its node.
    func run(seconds: Double) async throws {
        let count = try await cluster.nodes().count
        var counters: [Counter] = []
        for index in 0..<count {
            counters.append(
                try await cluster.spawn(
                    Counter.self,
                    options: ActorOptions(
                        name: "counter-\(index)",
                        restarts: .always,
                        placement: .spread
                    )
                )
            )
        }
        let homes = try await cluster.actors().compactMap(\.node)
        say("ready on \(Set(homes).count) nodes")
        let end = ContinuousClock.now + .seconds(seconds)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, counter) in counters.enumerated() {
                group.addTask { try await call(counter, index, until: end) }
                group.addTask { await watch(counter, index) }
            }
            // The watches end with the cluster.
            for _ in counters { try await group.next() }
            group.cancelAll()
        }
        say("survived")
    }

    private func call(_ counter: Counter, _ index: Int, until end: ContinuousClock.Instant) async throws {
        var answered = ContinuousClock.now
        var failures = 0
        while ContinuousClock.now < end {
            do {
                _ = try await withCallOptions(timeout: .seconds(2)) { try await counter.increment(by: 1) }
                let now = ContinuousClock.now
                if failures > 0 { say("counter-\(index) away for \(milliseconds(now - answered)) ms") }
                (answered, failures) = (now, 0)
            } catch let error as ClusterError {
                if failures == 0 { say("counter-\(index) failed: \(error.code)") }
                failures += 1
            }
            try await Task.sleep(for: .milliseconds(2))
        }
        guard failures == 0 else { throw Lost(name: "counter-\(index)") }
    }

    private func watch(_ counter: Counter, _ index: Int) async {
        for await event in cluster.lifecycle(of: counter) { say("counter-\(index) \(event)") }
    }

    struct Lost: Error { let name: String }
}

/// Rounded to the nearest.
func milliseconds(_ duration: Duration) -> Int { Int((duration / .milliseconds(1)).rounded()) }
