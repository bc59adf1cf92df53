import Glibc
import MantaCore
import MantaTestSupport
import Synchronization
import Testing

@testable import MantaTransport

/// A list that threads append to.
final class Log<Entry: Sendable>: Sendable {
    private let state = Mutex<[Entry]>([])

    init() {}

    var entries: [Entry] { state.withLock { $0 } }
    func append(_ entry: Entry) { state.withLock { $0.append(entry) } }
}

private final class Source: LaneSource {
    let events = Log<LaneEvents>()
    private let onReady: @Sendable () -> Void

    init(onReady: @escaping @Sendable () -> Void = {}) { self.onReady = onReady }

    func ready(_ events: LaneEvents) {
        self.events.append(events)
        onReady()
    }
}

private final class Flushed: LaneSource {
    let log: Log<String>

    init(_ log: Log<String>) { self.log = log }

    func ready(_ events: LaneEvents) {}
    func flush() { log.append("flush") }
}

@Suite("lane", .timeLimit(.minutes(10)))
struct LaneTests {
    @Test("actions from other threads run on the lane, those of one thread in their order")
    func actions() async throws {
        try await withLanes(1) { lanes in
            let log = Log<(thread: Int, number: Int, isOnLane: Bool)>()
            let lane = lanes[0]
            for thread in 0..<4 {
                startThread(named: "sender") {
                    for number in 0..<500 { lane.execute { log.append((thread, number, lane.isCurrent)) } }
                }
            }
            try await eventually { log.entries.count == 2_000 }
            #expect(log.entries.allSatisfy { $0.isOnLane })
            for thread in 0..<4 {
                #expect(log.entries.filter { $0.thread == thread }.map(\.number) == Array(0..<500))
            }
        }
    }

    @Test("an action of the lane itself runs at once")
    func actionHere() async throws {
        try await withLanes(1) { lanes in
            let lane = lanes[0]
            let log = Log<String>()
            await on(lane) {
                log.append("before")
                lane.execute { log.append("inside") }
                log.append("after")
            }
            #expect(log.entries == ["before", "inside", "after"])
        }
    }

    @Test("jobs from another thread run on the lane in the order in which they were enqueued")
    func jobs() async throws {
        try await withLanes(1) { lanes in
            let log = Log<Int>()
            let lane = lanes[0]
            let offLane = Log<Int>()
            for number in 0..<1_000 {
                Task(executorPreference: lane.tasks) {
                    log.append(number)
                    if !lane.isCurrent { offLane.append(number) }
                }
            }
            try await eventually { log.entries.count == 1_000 }
            #expect(log.entries == Array(0..<1_000))
            #expect(offLane.entries.isEmpty)
        }
    }

    @Test("a task that prefers the lane comes back to it after every suspension")
    func comesBack() async throws {
        try await withLanes(2) { lanes in
            let (home, other) = (lanes[0], lanes[1])
            let strays = await Task(executorPreference: home.tasks) {
                var strays = 0
                for _ in 0..<200 {
                    await on(other) {}
                    if !home.isCurrent { strays += 1 }
                }
                return strays
            }.value
            #expect(strays == 0)
        }
    }

    @Test("`isCurrent` holds on the lane's thread only")
    func isCurrent() async throws {
        try await withLanes(2) { lanes in
            #expect(!lanes[0].isCurrent)
            let (first, second) = (lanes[0], lanes[1])
            #expect(await on(first) { [first.isCurrent, second.isCurrent] } == [true, false])
            #expect(await on(second) { [first.isCurrent, second.isCurrent] } == [false, true])
        }
    }

    @Test("what was queued before a stop runs, and an action after it is refused")
    func stop() async throws {
        let lane = Lane(name: "test", index: 0)
        let log = Log<Int>()
        for number in 0..<100 { lane.execute { log.append(number) } }
        await lane.stop()
        #expect(log.entries == Array(0..<100))
        let isAlive = lane.execute { log.append(-1) }
        #expect(!isAlive)
        #expect(log.entries.count == 100)
    }

    @Test("a job that is enqueued after the stop still runs")
    func jobAfterStop() async {
        let lane = Lane(name: "test", index: 0)
        await lane.stop()
        let value = await Task(executorPreference: lane.tasks) {
            await Task.yield()
            return 7
        }.value
        #expect(value == 7)
        #expect(!lane.isCurrent)
    }

    @Test("a task that is suspended while its lane stops goes on, and ends")
    func suspendedAcrossStop() async throws {
        let lane = Lane(name: "test", index: 0)
        let continuation = Log<CheckedContinuation<Int, Never>>()
        let task = Task(executorPreference: lane.tasks) {
            await withCheckedContinuation { continuation.append($0) }
        }
        try await eventually { !continuation.entries.isEmpty }
        await lane.stop()
        continuation.entries[0].resume(returning: 5)
        #expect(await task.value == 5)
    }

    @Test("a lane can be stopped twice, and by many at once")
    func stopTwice() async {
        let lane = Lane(name: "test", index: 0)
        lane.requestStop()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { await lane.stop() } }
        }
        await lane.stop()
        let isAlive = lane.execute {}
        #expect(!isAlive)
    }

    @Test("timers fire in the order of their moments, on the lane, none before its moment")
    func timers() async throws {
        try await withLanes(1) { lanes in
            let lane = lanes[0]
            let log = Log<(name: Int, isOnLane: Bool, wasEarly: Bool)>()
            await on(lane) {
                let now = Lane.now
                for name in [4, 1, 3, 0, 2] {
                    let due = now + .milliseconds(10 + 2 * name)
                    lane.wake(LaneTimer { log.append((name, lane.isCurrent, Lane.now < due)) }, at: due)
                }
            }
            try await eventually { log.entries.count == 5 }
            #expect(log.entries.map(\.name) == [0, 1, 2, 3, 4])
            #expect(log.entries.allSatisfy { $0.isOnLane && !$0.wasEarly })
        }
    }

    @Test("a timer whose moment has passed fires, also when it sets itself again")
    func repeatingTimer() async throws {
        try await withLanes(1) { lanes in
            let lane = lanes[0]
            let log = Log<Int>()
            @Sendable func again(_ count: Int) {
                log.append(count)
                if count < 20 { lane.wake(LaneTimer { again(count + 1) }, at: Moment(nanoseconds: 0)) }
            }
            await on(lane) { again(0) }
            try await eventually { log.entries.count == 21 }
            #expect(log.entries == Array(0...20))
        }
    }

    @Test("a job that holds the lane is reported with its identity, a short one is not")
    func slowJob() async throws {
        let reports = Log<(job: UInt, duration: Duration)>()
        let lane = Lane(name: "test", index: 0, threshold: .milliseconds(30)) { reports.append(($0, $1)) }
        await Task(executorPreference: lane.tasks) {}.value
        #expect(reports.entries.isEmpty)
        let identity = await Task(executorPreference: lane.tasks) { () -> UInt? in
            let end = Lane.now + .milliseconds(60)
            while Lane.now < end {}
            return lane.currentJob?.identity
        }.value
        try await eventually { !reports.entries.isEmpty }
        #expect(reports.entries[0].job == identity)
        #expect(reports.entries[0].duration > .milliseconds(30))
        await lane.stop()
    }

    @Test("there is no current job while none runs")
    func noCurrentJob() async throws {
        try await withLanes(1) { lanes in
            let lane = lanes[0]
            #expect(await Task(executorPreference: lane.tasks) { lane.currentJob != nil }.value)
            try await eventually { lane.currentJob == nil }
        }
    }

    @Test("a source that asks for it is flushed after the jobs of the turn, once for each time that it asked")
    func flush() async throws {
        try await withLanes(1) { lanes in
            let lane = lanes[0]
            let log = Log<String>()
            let source = Flushed(log)
            await on(lane) {
                lane.needsFlush(source)
                Task(executorPreference: lane.tasks) { log.append("job") }
            }
            try await eventually { log.entries.count == 2 }
            #expect(log.entries == ["job", "flush"])
        }
    }

    @Test("a source is told what its descriptor is ready for")
    func ready() async throws {
        try await withLanes(1) { lanes in
            let lane = lanes[0]
            let (near, far) = try makeSocketPair()
            let peer = RawSocket(far)
            let source = Source {
                var byte: UInt8 = 0
                _ = read(near, &byte, 1)
            }
            let token = await on(lane) { lane.add(source, descriptor: near, events: .readable) }
            #expect(source.events.entries.isEmpty)
            peer.send([1])
            try await eventually { !source.events.entries.isEmpty }
            #expect(source.events.entries[0].contains(.readable))
            lane.watch(near, for: .writable, token: token)
            try await eventually { source.events.entries.last?.contains(.writable) == true }
            await on(lane) {
                lane.remove(token, descriptor: near)
                close(near)
            }
        }
    }

    @Test(
        "sources that are removed within a turn get none of its events, nor those of the sources that follow them"
    )
    func removedInTurn() async throws {
        try await withLanes(1) { lanes in
            let lane = lanes[0]
            let pairs = try (0..<8).map { _ in try makeSocketPair() }
            let peers = pairs.map { RawSocket($0.1) }
            let sources = Mutex<[(Source, LaneToken, Int32)]>([])
            let newcomers = Mutex<[(Source, LaneToken, Int32)]>([])

            // The first source that is called removes all, itself included, and puts others in their place.
            // They watch for nothing, so any event that they get was meant for those before them.
            @Sendable func removeAll() {
                let removed = sources.withLock { sources in
                    defer { sources = [] }
                    return sources
                }
                for (_, token, descriptor) in removed {
                    lane.remove(token, descriptor: descriptor)
                    let newcomer = Source()
                    let token = lane.add(newcomer, descriptor: descriptor, events: [])
                    newcomers.withLock { $0.append((newcomer, token, descriptor)) }
                }
            }
            let all = pairs.map { _ in Source(onReady: removeAll) }
            await on(lane) {
                // The lane waits for nothing in between, so all descriptors are ready in the same turn.
                for peer in peers { peer.send([1]) }
                for (source, pair) in zip(all, pairs) {
                    let token = lane.add(source, descriptor: pair.0, events: .readable)
                    sources.withLock { $0.append((source, token, pair.0)) }
                }
            }
            try await eventually { newcomers.withLock { $0.count } == 8 }
            for _ in 0..<3 { await on(lane) {} }
            #expect(all.map(\.events.entries.count).reduce(0, +) == 1)
            #expect(newcomers.withLock { $0.map(\.0.events.entries.count).reduce(0, +) } == 0)
            await on(lane) {
                for (_, token, descriptor) in newcomers.withLock({ $0 }) {
                    lane.remove(token, descriptor: descriptor)
                    close(descriptor)
                }
            }
        }
    }

    @Test("a place that a source left is used again")
    func tokensAreReused() async throws {
        try await withLanes(1) { lanes in
            let lane = lanes[0]
            let (near, far) = try makeSocketPair()
            var tokens: Set<LaneToken> = []
            var attempts = 0
            // Places are given back when the lane has looked for events, which it need not do at each turn.
            while tokens.count == attempts, attempts < 100_000 {
                attempts += 1
                tokens.insert(
                    await on(lane) {
                        let token = lane.add(Source(), descriptor: near, events: [])
                        lane.remove(token, descriptor: near)
                        return token
                    }
                )
            }
            #expect(tokens.count < attempts)
            close(near)
            close(far)
        }
    }

    @Test("the code of an actor on a lane runs on the lane")
    func actorOnLane() async throws {
        actor Resident {
            let lane: Lane
            init(_ lane: Lane) { self.lane = lane }
            nonisolated var unownedExecutor: UnownedSerialExecutor { lane.asUnownedSerialExecutor() }
            func isHome() -> Bool { lane.isCurrent }
        }
        try await withLanes(1) { lanes in
            let resident = Resident(lanes[0])
            #expect(await resident.isHome())
        }
    }
}
