import MantaCore
import MantaTestSupport
import Testing

@testable import MantaRuntime

@Suite("who waits for whom")
struct WaitGraphTests {
    private func key(_ number: Int) -> WaitGraph.Key { .init(process: ProcessID(1), serial: UInt64(number)) }
    private func actor(_ number: Int) -> ActorID { .spawned(UInt64(number), cluster: 1) }

    /// Lines by their holders; calls by the line in which they wait, or by what they have made.
    private func graph(
        lines: [Int: Set<Int>],
        waiting: [Int: Int] = [:],
        running: [Int: (actor: Int, made: Set<Int>)] = [:]
    ) -> WaitGraph {
        var graph = WaitGraph()
        for (line, holders) in lines {
            graph.lines[actor(line)] = .init(label: "A\(line)", holders: Set(holders.map { key($0) }))
        }
        for (call, line) in waiting { graph.calls[key(call)] = .init(label: "A\(line)", line: actor(line)) }
        for (call, what) in running {
            graph.calls[key(call)] = .init(label: "A\(what.actor)", made: Set(what.made.map { key($0) }))
        }
        return graph
    }

    @Test("an actor that calls itself waits for itself")
    func itself() {
        let graph = graph(lines: [1: [10]], waiting: [11: 1], running: [10: (1, [11])])
        #expect(graph.stuckCalls() == [key(10), key(11)])
        #expect(graph.deadlock(of: actor(1)) == .init(victim: key(11), chain: "A1 waits for A1"))
    }

    @Test("a circle of actors is named from the one that breaks it, which is only the first of them")
    func circle() {
        // 10 holds 1 and waits in 2; 20 holds 2 and has called 5, which lets anyone in; that waits in 3; and so on.
        let graph = graph(
            lines: [1: [10], 2: [20], 3: [30]],
            waiting: [11: 2, 31: 1, 22: 3],
            running: [10: (1, [11]), 20: (2, [21]), 21: (5, [22]), 30: (3, [31])]
        )
        #expect(graph.stuckCalls().count == 7)
        let chain = "A1 waits for A2, which waits for A5, which waits for A3, which waits for A1"
        #expect(graph.deadlock(of: actor(1)) == .init(victim: key(31), chain: chain))
        #expect(graph.deadlock(of: actor(2)) == nil)
        #expect(graph.deadlock(of: actor(3)) == nil)
    }

    @Test("what waits for a circle without being in it is stuck, and not failed")
    func behind() {
        let graph = graph(
            lines: [1: [10], 2: [20]],
            waiting: [21: 2, 11: 2],
            running: [10: (1, [11]), 20: (2, [21])]
        )
        #expect(graph.stuckCalls().count == 4)
        #expect(graph.deadlock(of: actor(1)) == nil)
        #expect(graph.deadlock(of: actor(2)) == .init(victim: key(21), chain: "A2 waits for A2"))
    }

    @Test("a single holder that may end is enough for an actor with several turns")
    func several() {
        var graph = graph(
            lines: [1: [10, 12]],
            waiting: [11: 1, 13: 1],
            running: [10: (1, [11]), 12: (1, [])]
        )
        #expect(graph.stuckCalls() == [])
        #expect(graph.deadlock(of: actor(1)) == nil)
        graph.calls[key(12)]?.made = [key(13)]
        #expect(graph.stuckCalls().count == 4)
        #expect(graph.deadlock(of: actor(1)) == .init(victim: key(11), chain: "A1 waits for A1"))
    }

    @Test("what nobody has looked at is not stuck")
    func unknown() {
        #expect(graph(lines: [1: [10]], waiting: [11: 1]).stuckCalls() == [])
        #expect(graph(lines: [:], waiting: [11: 1], running: [10: (1, [11])]).stuckCalls() == [])
        #expect(WaitGraph().deadlock(of: actor(1)) == nil)
    }

    @Test("of two looks only what both have seen counts")
    func confirmed() {
        let first = graph(lines: [1: [10]], waiting: [11: 1], running: [10: (1, [11, 15])])
        #expect(first.confirmed(by: first) == first)
        let others = [
            graph(lines: [1: [12]], waiting: [11: 1], running: [10: (1, [11])]),
            graph(lines: [1: [10]], running: [10: (1, [11]), 11: (1, [])]),
            graph(lines: [1: [10]], waiting: [11: 1, 13: 1], running: [10: (1, [13])]),
            WaitGraph(),
        ]
        for later in others { #expect(first.confirmed(by: later).deadlock(of: actor(1)) == nil) }
        let same = graph(lines: [1: [10], 2: [20]], waiting: [11: 1], running: [10: (1, [11, 12])])
        #expect(first.confirmed(by: same).deadlock(of: actor(1))?.victim == key(11))
        #expect(first.confirmed(by: same).calls[key(10)]?.made == [key(11)])
    }

    // MARK: At random

    /// Actors with turns, and trees of calls that wait for each other, as a process makes them.
    private struct World {
        var limits: [Int]
        var holders: [Set<Int>]
        var lines: [[Int]]
        /// Of running calls: what they have made.
        var made: [Int: Set<Int>] = [:]
        var actorOf: [Int: Int] = [:]

        init(_ random: inout SeededRandom) {
            let count = Int.random(in: 1...6, using: &random)
            limits = (0..<count).map { _ in [1, 1, 2, 3].randomElement(using: &random) ?? 1 }
            holders = Array(repeating: [], count: count)
            lines = Array(repeating: [], count: count)
            for call in 0..<Int.random(in: 1...25, using: &random) {
                let target = Int.random(in: 0..<count, using: &random)
                actorOf[call] = target
                let runs = holders[target].count < limits[target]
                if runs { holders[target].insert(call) } else { lines[target].append(call) }
                // Made by a call that runs, or from outside.
                if random.chance(percent: 80), let maker = made.keys.sorted().randomElement(using: &random) {
                    made[maker]?.insert(call)
                }
                if runs { made[call] = [] }
            }
        }

        /// Lets everything end that can, and returns what is left.
        mutating func settle() -> Set<Int> {
            while let call = made.filter({ $0.value.isEmpty }).keys.min() {
                made[call] = nil
                actorOf[call] = nil
                for maker in made.keys { made[maker]?.remove(call) }
                for index in holders.indices where holders[index].remove(call) != nil {
                    guard !lines[index].isEmpty else { continue }
                    let next = lines[index].removeFirst()
                    holders[index].insert(next)
                    made[next] = []
                }
            }
            return Set(actorOf.keys)
        }

        mutating func fail(_ call: Int) {
            actorOf[call] = nil
            for index in lines.indices { lines[index].removeAll { $0 == call } }
            for maker in made.keys { made[maker]?.remove(call) }
        }
    }

    private func graph(_ world: World) -> WaitGraph {
        var waiting: [Int: Int] = [:]
        for (index, line) in world.lines.enumerated() { for call in line { waiting[call] = index } }
        return graph(
            lines: Dictionary(uniqueKeysWithValues: world.holders.enumerated().map { ($0, $1) }),
            waiting: waiting,
            running: world.made.reduce(into: [:]) { $0[$1.key] = (world.actorOf[$1.key] ?? 0, $1.value) }
        )
    }

    @Test(
        "at random, exactly what cannot end is stuck, and failing one call after the other frees it all",
        arguments: 1...300 as ClosedRange<UInt64>
    )
    func random(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var world = World(&random)
        let before = graph(world)
        var left = world.settle()
        #expect(before.stuckCalls() == Set(left.map { key($0) }), "seed \(seed)")
        while !left.isEmpty {
            let graph = graph(world)
            let found = world.lines.indices.compactMap { graph.deadlock(of: actor($0)) }
            guard let victim = found.first?.victim.serial else {
                Issue.record("seed \(seed): nobody finds the deadlock of \(left)")
                return
            }
            world.fail(Int(victim))
            left = world.settle()
        }
    }
}
