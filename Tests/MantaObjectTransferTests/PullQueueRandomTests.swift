import MantaCore
import MantaObjectTransfer
import MantaTestSupport
import Testing

@Suite struct PullQueueRandomTests {
    private typealias Queue = PullQueue<Int, Int>

    @Test("random events have the same effects as in a plain model", arguments: 1...60)
    func sameAsModel(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let objects = (1...8).map { objectID($0) }
        var options = Queue.Options(quota: Int.random(in: 50...200, using: &random))
        options.transferLimit = Int.random(in: 1...10, using: &random)
        options.sourceLimit = Int.random(in: 1...4, using: &random)
        options.waiterLimit = 30
        var queue = Queue(options)
        var model = PullModel(options)
        var lastWaiter = 0
        var open: [Int: ObjectID] = [:]

        func pick() -> ObjectID { objects[Int.random(in: 0..<objects.count, using: &random)] }

        for step in 0..<2_000 {
            let (actions, expected): ([Queue.Action], [Queue.Action])
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<45:
                lastWaiter += 1
                let id = pick()
                let byteCount = Int.random(in: 0...120, using: &random)
                let sources = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                    Int.random(in: 0..<5, using: &random)
                }
                let priority: Queue.Priority = random.chance(percent: 50) ? .get : .prefetch
                open[lastWaiter] = id
                actions = queue.want(
                    id,
                    byteCount: byteCount,
                    from: sources,
                    priority: priority,
                    waiter: lastWaiter
                )
                expected = model.want(id, byteCount, sources, priority, lastWaiter)
            case 45..<60:
                guard let waiter = open.keys.sorted().randomElement(using: &random), let id = open[waiter]
                else { continue }
                open[waiter] = nil
                actions = queue.cancel(waiter, of: id)
                expected = model.cancel(waiter, id)
            case 60..<65:
                let id = pick()
                let source = Int.random(in: 0..<5, using: &random)
                queue.found([source], of: id)
                model.found(source, id)
                (actions, expected) = ([], [])
            case 65..<67:
                let quota = Int.random(in: 50...200, using: &random)
                actions = queue.setQuota(quota)
                expected = model.setQuota(quota)
            default:
                guard let id = model.running.randomElement(using: &random) else { continue }
                if random.chance(percent: 50) {
                    actions = queue.succeeded(id)
                    expected = model.succeeded(id)
                } else {
                    let error: TransferError = random.chance(percent: 80) ? .notFound : .notWanted
                    actions = queue.failed(id, error)
                    expected = model.failed(id, error)
                }
            }
            #expect(actions == expected, "seed \(seed), step \(step)")
            for waiter in actions.flatMap(\.toldWaiters) {
                #expect(open.removeValue(forKey: waiter) != nil, "\(waiter) was told twice; seed \(seed)")
            }
            #expect(queue.transferCount == model.running.count)
            #expect(queue.byteCountInFlight == model.inFlight)
            #expect(queue.byteCountInFlight <= model.mostAllowed, "seed \(seed), step \(step)")
            if actions != expected { return }
        }
    }
}

extension PullQueue.Action where Waiter == Int {
    /// Whom it tells how their wait has ended.
    fileprivate var toldWaiters: [Int] {
        switch self {
        case .start, .cancel: []
        case .succeed(_, let waiters), .fail(_, let waiters, _): waiters
        case .refuse(_, let waiter): [waiter]
        }
    }
}

/// What `PullQueue` is to do, written for clarity and not for speed.
private struct PullModel {
    typealias Queue = PullQueue<Int, Int>

    private struct Pull {
        let id: ObjectID
        let byteCount: Int
        var waiters: [(waiter: Int, priority: Queue.Priority, number: Int)] = []
        var sources: [Int] = []
        var source: Int?
        var charge = 0
        var isLarge = false
        var isCancelled = false
        var failures: [Queue.Failure] = []
    }

    private let options: Queue.Options
    private var quota: Int
    private var pulls: [Pull] = []
    private var lastNumber = 0
    /// The quota may have been larger when what is on its way was started.
    private(set) var mostAllowed: Int

    init(_ options: Queue.Options) {
        self.options = options
        quota = options.quota
        mostAllowed = options.quota
    }

    var running: [ObjectID] { pulls.filter { $0.source != nil }.map(\.id).sorted { $0.serial < $1.serial } }
    var inFlight: Int { pulls.filter { $0.source != nil }.map(\.charge).reduce(0, +) }

    mutating func want(
        _ id: ObjectID,
        _ byteCount: Int,
        _ sources: [Int],
        _ priority: Queue.Priority,
        _ waiter: Int
    ) -> [Queue.Action] {
        if pulls.map(\.waiters.count).reduce(0, +) >= options.waiterLimit { return [.refuse(id, waiter)] }
        if !pulls.contains(where: { $0.id == id }) { pulls.append(Pull(id: id, byteCount: byteCount)) }
        for source in sources { found(source, id) }
        lastNumber += 1
        let number = lastNumber
        change(id) { $0.waiters.append((waiter, priority, number)) }
        if let pull = pull(id), pull.source == nil, pull.sources.isEmpty {
            remove(id)
            return [.fail(id, [waiter], [])]
        }
        return startMore()
    }

    mutating func cancel(_ waiter: Int, _ id: ObjectID) -> [Queue.Action] {
        guard let before = pull(id), before.waiters.contains(where: { $0.waiter == waiter }) else {
            return []
        }
        change(id) { $0.waiters.removeAll { $0.waiter == waiter } }
        guard before.waiters.count == 1 else { return startMore() }
        if before.source == nil {
            remove(id)
            return startMore()
        }
        change(id) { $0.isCancelled = true }
        return before.isCancelled ? [] : [.cancel(id)]
    }

    mutating func found(_ source: Int, _ id: ObjectID) {
        change(id) { pull in
            let isKnown =
                pull.sources.contains(source) || pull.source == source
                || pull.failures.contains { $0.source == source }
            if !isKnown { pull.sources.append(source) }
        }
    }

    mutating func setQuota(_ quota: Int) -> [Queue.Action] {
        self.quota = quota
        mostAllowed = max(quota, inFlight)
        return startMore()
    }

    mutating func succeeded(_ id: ObjectID) -> [Queue.Action] {
        let waiters = pull(id)?.waiters.map(\.waiter) ?? []
        remove(id)
        return (waiters.isEmpty ? [] : [.succeed(id, waiters)]) + startMore()
    }

    mutating func failed(_ id: ObjectID, _ error: TransferError) -> [Queue.Action] {
        guard let before = pull(id), let source = before.source else { return [] }
        if before.isCancelled {
            change(id) { pull in
                pull.isCancelled = false
                pull.source = nil
                pull.sources.insert(source, at: 0)
            }
            if before.waiters.isEmpty { remove(id) }
            return startMore()
        }
        let failures = before.failures + [Queue.Failure(source: source, error: error)]
        guard error.isOfSource, let next = before.sources.first else {
            remove(id)
            return [.fail(id, before.waiters.map(\.waiter), failures)] + startMore()
        }
        change(id) { pull in
            pull.failures = failures
            pull.source = next
            pull.sources.removeFirst()
        }
        return [.start(id, from: next)] + startMore()
    }

    private mutating func startMore() -> [Queue.Action] {
        var actions: [Queue.Action] = []
        mostAllowed = max(quota, min(mostAllowed, inFlight))
        while running.count < options.transferLimit {
            let waiting = pulls.filter { $0.source == nil }
            let firsts = Dictionary(grouping: waiting) { $0.sources[0] }.values
                .compactMap { $0.min { Self.place($0) < Self.place($1) } }
            guard
                let next = firsts.filter({ mayStart($0) }).min(by: { Self.place($0) < Self.place($1) }),
                running.isEmpty || inFlight + charge(of: next) <= quota
            else { break }
            let (charge, half) = (charge(of: next), quota / 2)
            change(next.id) { pull in
                pull.source = pull.sources.removeFirst()
                pull.charge = charge
                pull.isLarge = pull.byteCount > half
            }
            mostAllowed = max(mostAllowed, inFlight)
            actions.append(.start(next.id, from: next.sources[0]))
        }
        return actions
    }

    private func charge(of pull: Pull) -> Int { min(pull.byteCount, quota / 2) }

    private func mayStart(_ pull: Pull) -> Bool {
        if pull.byteCount > quota / 2, pulls.contains(where: { $0.source != nil && $0.isLarge }) {
            return false
        }
        let same = pulls.filter { $0.source == pull.sources[0] }
        let other = pulls.filter { $0.source != nil && $0.source != pull.sources[0] }
        let bytes = same.map(\.charge).reduce(0, +)
        return same.isEmpty
            || (same.count < options.sourceLimit
                && same.count < (options.transferLimit - other.count) / 2
                && bytes + charge(of: pull) <= (quota - other.map(\.charge).reduce(0, +)) / 2)
    }

    /// Its most urgent waiter's, and of these the first one's.
    private static func place(_ pull: Pull) -> (UInt8, Int) {
        pull.waiters.map { ($0.priority.rawValue, $0.number) }.min { $0 < $1 } ?? (.max, .max)
    }

    private func pull(_ id: ObjectID) -> Pull? { pulls.first { $0.id == id } }
    private mutating func remove(_ id: ObjectID) { pulls.removeAll { $0.id == id } }

    private mutating func change(_ id: ObjectID, _ body: (inout Pull) -> Void) {
        guard let index = pulls.firstIndex(where: { $0.id == id }) else { return }
        body(&pulls[index])
    }
}
