import Manta

/// Keeps the third node busy with objects over a line that a test has made slow, and the first two with each other.
struct SlowNeighbor {
    /// Of objects, many more than may be on their way from one node at a time.
    private static let slowCount = 6
    private static let fastCount = 8
    private static let callCount = 1_000
    /// Of the objects, in words of 8 bytes.
    private static let slowLength = 1 << 21
    private static let fastLength = 1 << 20

    /// A store and an echo on one node.
    private struct Part: Sendable {
        var store: Store
        var echo: Echo
    }

    private enum Work: Sendable {
        case slow, fast
    }

    let cluster: ClusterSystem

    /// The third node reads what is on the first, and takes a large argument from there.
    func feed() async throws {
        let parts = try await makeParts()
        let objects = try await make(Self.slowCount, Self.slowLength, on: parts[0].store)
        let argument = Store.randomWords(Self.slowLength)
        let slow = parts[2].store
        try await run(parts, slowCount: objects.count + 1) { number in
            if number < objects.count {
                _ = try await slow.sum(objects[number])
            } else {
                _ = try await slow.count(argument)
            }
        }
    }

    /// The second node reads what is on the third.
    func drain() async throws {
        let parts = try await makeParts()
        let objects = try await make(Self.slowCount, Self.slowLength, on: parts[2].store)
        let reader = parts[1].store
        try await run(parts, slowCount: objects.count) { _ = try await reader.sum(objects[$0]) }
    }

    private func makeParts() async throws -> [Part] {
        var parts: [Part] = []
        for node in try await cluster.nodes() {
            let options = ActorOptions(placement: .node(node.id))
            let store = try await cluster.spawn(Store.self, options: options)
            parts.append(Part(store: store, echo: try await cluster.spawn(Echo.self, options: options)))
        }
        return parts
    }

    private func make(_ count: Int, _ length: Int, on store: Store) async throws -> [ObjectRef<[UInt64]>] {
        var objects: [ObjectRef<[UInt64]>] = []
        for _ in 0..<count { objects.append(try await store.make(length, isRandom: true)) }
        return objects
    }

    /// Begins what is slow, does what is fast, and says how much of the slow is left then.
    private func run(
        _ parts: [Part],
        slowCount: Int,
        slow: @escaping @Sendable (Int) async throws -> Void
    ) async throws {
        let start = ContinuousClock.now
        try await exchange(parts)
        say("alone in \(milliseconds(ContinuousClock.now - start)) ms")
        try await withCallOptions(timeout: .seconds(600)) {
            try await withThrowingTaskGroup(of: Work.self) { group in
                for number in 0..<slowCount {
                    group.addTask {
                        try await slow(number)
                        return .slow
                    }
                }
                group.addTask {
                    let start = ContinuousClock.now
                    try await exchange(parts)
                    say("beside in \(milliseconds(ContinuousClock.now - start)) ms")
                    return .fast
                }
                var left = slowCount
                for try await ended in group {
                    switch ended {
                    case .slow: left -= 1
                    case .fast: say("done with \(left) of \(slowCount) left")
                    }
                }
            }
        }
        say("all done")
    }

    /// Calls and objects, both ways.
    private func exchange(_ parts: [Part]) async throws {
        for _ in 0..<Self.callCount {
            for (from, to) in [(0, 1), (1, 0)] {
                let answer = try await parts[from].echo.relay("hello", to: parts[to].echo)
                guard answer == "hello" else { throw Survival.Lost(name: "relay") }
            }
        }
        for (from, to) in [(0, 1), (1, 0)] {
            for object in try await make(Self.fastCount, Self.fastLength, on: parts[from].store) {
                _ = try await parts[to].store.sum(object)
            }
            let argument = [UInt64](repeating: 1, count: Self.fastLength)
            _ = try await parts[to].store.count(argument)
        }
    }
}
