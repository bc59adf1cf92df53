package import MantaCore

/// Which objects are pulled to this node, from where, and which wait for room.
///
/// Pure state. Waiters of one object share its pull: waiting → running → ended, and back to waiting when everyone had left
/// and somebody came again. A pull is started when its bytes fit into the quota beside those of the pulls that run. One of
/// more than half of the quota counts as half, and such come one at a time.
///
/// A source that is slow, or gone and not known to be, holds what runs for long. So each gets at most half of the bytes and
/// places that the others leave, but one pull in any case: there is something left for the next. Of the sources that may do
/// more the one goes first whose pull has waited longest, `get` before `prefetch`; nothing overtakes it because it is smaller,
/// or a large object would wait for ever. The sources of an object are tried in order. Every waiter leaves by exactly one
/// `succeed`, `fail` or `refuse`, or by being cancelled.
package struct PullQueue<Waiter: Hashable & Sendable, Source: Hashable & Sendable>: Sendable {
    package enum Priority: UInt8, Hashable, Sendable, Comparable, CaseIterable {
        /// Somebody waits for the object now.
        case get = 0
        /// Somebody will want it.
        case prefetch = 1

        package static func < (left: Priority, right: Priority) -> Bool { left.rawValue < right.rawValue }
    }

    /// What has become of one source.
    package struct Failure: Hashable, Sendable {
        package var source: Source
        package var error: TransferError

        package init(source: Source, error: TransferError) {
            self.source = source
            self.error = error
        }
    }

    package enum Action: Hashable, Sendable {
        /// Fetch it, or what is missing of it, and tell `succeeded` or `failed`.
        case start(ObjectID, from: Source)
        /// Nobody wants it any more: end the transfer, and tell how it has ended.
        case cancel(ObjectID)
        case succeed(ObjectID, [Waiter])
        /// No source has it. With what each of them said.
        case fail(ObjectID, [Waiter], [Failure])
        /// Too many wait already.
        case refuse(ObjectID, Waiter)
    }

    package struct Options: Hashable, Sendable {
        /// How many bytes may be on their way at a time.
        package var quota: Int
        /// How many objects may be on their way at a time.
        package var transferLimit = 16
        /// How many of them from one source.
        package var sourceLimit = 4
        /// How many may wait, for all objects together. More are refused.
        package var waiterLimit = 100_000

        package init(quota: Int) { self.quota = quota }
    }

    private struct Pull {
        var byteCount: Int
        /// What it takes of the quota while it runs.
        var charge = 0
        var isLarge = false
        var waiters: [Waiter: Ticket] = [:]
        var state = State.waiting
        /// Not tried yet, the next one first.
        var sources: [Source]
        var failures: [Failure] = []

        /// The one that is asked; `nil` while it waits.
        var source: Source? {
            switch state {
            case .waiting: nil
            case .running(let source), .cancelling(let source): source
            }
        }

        mutating func add(_ more: [Source]) {
            for candidate in more where !sources.contains(candidate) && source != candidate {
                if failures.contains(where: { $0.source == candidate }) { continue }
                sources.append(candidate)
            }
        }
    }

    private enum State {
        case waiting
        case running(Source)
        /// Running still, and nobody wants it.
        case cancelling(Source)
    }

    /// The place of one waiter.
    private struct Ticket {
        var priority: Priority
        var number: UInt64
    }

    private struct Entry {
        var id: ObjectID
        var waiter: Waiter
        var number: UInt64
    }

    /// What comes from one source, and what waits for it: pulls of which it is the next source.
    private struct Line {
        var byteCount = 0
        var transferCount = 0
        /// In the order in which they came. An entry counts while its waiter waits for a pull that does: others are dropped
        /// when they come to the front, or when there are too many of them.
        var entries: [Priority: ArraySlice<Entry>] = [:]
        var entryCount: Int { entries.values.reduce(0) { $0 + $1.count } }
    }

    private let transferLimit: Int
    private let sourceLimit: Int
    private let waiterLimit: Int
    private var quota: Int
    private var pulls: [ObjectID: Pull] = [:]
    private var lines: [Source: Line] = [:]
    private var lastNumber: UInt64 = 0
    private var waiterCount = 0
    /// How many entries there are in all lines.
    private var entryCount = 0
    /// Of the pulls that run, as they count.
    package private(set) var byteCountInFlight = 0
    package private(set) var transferCount = 0
    private var hasLarge = false

    package init(_ options: Options) {
        quota = options.quota
        transferLimit = options.transferLimit
        sourceLimit = options.sourceLimit
        waiterLimit = options.waiterLimit
    }

    package var isEmpty: Bool { pulls.isEmpty }

    /// Whether somebody waits for it, or its transfer has not ended yet.
    package func contains(_ id: ObjectID) -> Bool { pulls[id] != nil }

    // MARK: Waiters

    /// Somebody wants an object.
    ///
    /// - Parameters:
    ///   - id: The object.
    ///   - byteCount: How large it is; what was said first counts.
    ///   - sources: Who has it, the best first. Those that are not known yet are tried after those that are.
    ///   - priority: Of this waiter. A pull has that of its most urgent one.
    ///   - waiter: One that does not wait for this object already.
    /// - Returns: What is to be done.
    /// - Complexity: O(1), and O(*n*) in the sources of the object.
    package mutating func want(
        _ id: ObjectID,
        byteCount: Int,
        from sources: [Source],
        priority: Priority,
        waiter: Waiter
    ) -> [Action] {
        guard waiterCount < waiterLimit else { return [.refuse(id, waiter)] }
        var pull = pulls.removeValue(forKey: id) ?? Pull(byteCount: byteCount, sources: [])
        precondition(pull.waiters[waiter] == nil, "\(waiter) waits for \(id) already")
        pull.add(sources)
        lastNumber += 1
        waiterCount += 1
        pull.waiters[waiter] = Ticket(priority: priority, number: lastNumber)
        pulls[id] = pull
        if case .waiting = pull.state {
            guard let source = pull.sources.first else { return end(id, with: nil) }
            let entry = Entry(id: id, waiter: waiter, number: lastNumber)
            lines[source, default: Line()].entries[priority, default: []].append(entry)
            entryCount += 1
        }
        return startMore()
    }

    /// Somebody does not want an object any more.
    package mutating func cancel(_ waiter: Waiter, of id: ObjectID) -> [Action] {
        // It may have been told already how the pull has ended.
        guard pulls[id]?.waiters.removeValue(forKey: waiter) != nil, let pull = pulls[id] else { return [] }
        waiterCount -= 1
        guard pull.waiters.isEmpty else { return startMore() }
        switch pull.state {
        case .waiting:
            pulls[id] = nil
            return startMore()
        case .running(let source):
            pulls[id]?.state = .cancelling(source)
            return [.cancel(id)]
        case .cancelling:
            return []
        }
    }

    /// More nodes have an object, as it turns out.
    package mutating func found(_ sources: [Source], of id: ObjectID) { pulls[id]?.add(sources) }

    // MARK: Transfers

    package mutating func succeeded(_ id: ObjectID) -> [Action] {
        guard let pull = pulls[id], pull.source != nil else { preconditionFailure("no pull of \(id) runs") }
        release(pull)
        // Also when it was to be cancelled: the object is here.
        return end(id, with: .success(())) + startMore()
    }

    package mutating func failed(_ id: ObjectID, _ error: TransferError) -> [Action] {
        guard var pull = pulls[id], let source = pull.source else {
            preconditionFailure("no pull of \(id) runs")
        }
        if case .cancelling = pull.state {
            // It says nothing of the source that it was cut short: who has come meanwhile may have it from there.
            release(pull)
            pull.sources.insert(source, at: 0)
            pull.state = .waiting
            pulls[id] = pull.waiters.isEmpty ? nil : pull
            if !pull.waiters.isEmpty { queueAgain(id, pull) }
            return startMore()
        }
        pull.failures.append(Failure(source: source, error: error))
        if error.isOfSource, !pull.sources.isEmpty {
            let next = pull.sources.removeFirst()
            release(pull)
            run(id, pull, from: next)
            return [.start(id, from: next)] + startMore()
        }
        release(pull)
        pulls[id] = pull
        return end(id, with: .failure(error)) + startMore()
    }

    /// The memory for what is on its way is another now.
    package mutating func setQuota(_ byteCount: Int) -> [Action] {
        quota = byteCount
        return startMore()
    }

    // MARK: Decisions

    /// It runs from now on, or goes on from another source.
    private mutating func run(_ id: ObjectID, _ pull: Pull, from source: Source) {
        var pull = pull
        pull.state = .running(source)
        pulls[id] = pull
        byteCountInFlight += pull.charge
        transferCount += 1
        hasLarge = hasLarge || pull.isLarge
        lines[source, default: Line()].byteCount += pull.charge
        lines[source]?.transferCount += 1
    }

    private mutating func release(_ pull: Pull) {
        guard let source = pull.source else { return }
        byteCountInFlight -= pull.charge
        transferCount -= 1
        if pull.isLarge { hasLarge = false }
        lines[source]?.byteCount -= pull.charge
        lines[source]?.transferCount -= 1
        dropIfEmpty(source)
    }

    private mutating func dropIfEmpty(_ source: Source) {
        guard let line = lines[source], line.transferCount == 0, line.entryCount == 0 else { return }
        lines[source] = nil
    }

    /// Tells all waiters; `nil` when there is no source to try.
    private mutating func end(_ id: ObjectID, with result: Result<Void, TransferError>?) -> [Action] {
        guard let pull = pulls.removeValue(forKey: id), !pull.waiters.isEmpty else { return [] }
        waiterCount -= pull.waiters.count
        let waiters = pull.waiters.sorted { $0.value.number < $1.value.number }.map(\.key)
        if case .success? = result { return [.succeed(id, waiters)] }
        return [.fail(id, waiters, pull.failures)]
    }

    private mutating func startMore() -> [Action] {
        var actions: [Action] = []
        while transferCount < transferLimit, let id = first(), var pull = pulls[id] {
            pull.charge = charge(of: pull)
            pull.isLarge = isLarge(pull)
            guard byteCountInFlight + pull.charge <= quota || transferCount == 0 else { break }
            let source = pull.sources.removeFirst()
            run(id, pull, from: source)
            actions.append(.start(id, from: source))
        }
        dropSpentEntries()
        return actions
    }

    private func charge(of pull: Pull) -> Int { min(pull.byteCount, quota / 2) }
    private func isLarge(_ pull: Pull) -> Bool { pull.byteCount > quota / 2 }

    /// Whose turn it is.
    private mutating func first() -> ObjectID? {
        var first: (id: ObjectID, priority: Priority, number: UInt64)?
        for source in Array(lines.keys) {
            guard let (entry, priority) = next(from: source), let pull = pulls[entry.id],
                mayStart(pull, from: source)
            else { continue }
            if let first, (first.priority, first.number) < (priority, entry.number) { continue }
            first = (entry.id, priority, entry.number)
        }
        return first?.id
    }

    private mutating func next(from source: Source) -> (Entry, Priority)? {
        for priority in Priority.allCases {
            while let entry = lines[source]?.entries[priority]?.first {
                if isWaiting(entry) { return (entry, priority) }
                lines[source]?.entries[priority]?.removeFirst()
                entryCount -= 1
            }
        }
        dropIfEmpty(source)
        return nil
    }

    /// Whether a source leaves enough for others when it does this too, and a large one has its place.
    private func mayStart(_ pull: Pull, from source: Source) -> Bool {
        if hasLarge, isLarge(pull) { return false }
        guard let line = lines[source], line.transferCount > 0 else { return true }
        let places = min(sourceLimit, (transferLimit - (transferCount - line.transferCount)) / 2)
        let share = (quota - (byteCountInFlight - line.byteCount)) / 2
        return line.transferCount < places && line.byteCount + charge(of: pull) <= share
    }

    private func isWaiting(_ entry: Entry) -> Bool {
        guard let pull = pulls[entry.id], case .waiting = pull.state else { return false }
        return pull.waiters[entry.waiter]?.number == entry.number
    }

    /// Who came while the pull was being cancelled takes the place that is theirs by when they came.
    private mutating func queueAgain(_ id: ObjectID, _ pull: Pull) {
        guard let source = pull.sources.first else { return }
        var line = lines[source] ?? Line()
        for (waiter, ticket) in pull.waiters {
            var entries = line.entries[ticket.priority] ?? []
            let index = entries.firstIndex { $0.number >= ticket.number } ?? entries.endIndex
            guard index == entries.endIndex || entries[index].number != ticket.number else { continue }
            entries.insert(Entry(id: id, waiter: waiter, number: ticket.number), at: index)
            line.entries[ticket.priority] = entries
            entryCount += 1
        }
        lines[source] = line
    }

    /// Entries of waiters who left, or whose pull runs, may be anywhere. Half of them at least are kept, so this is O(1)
    /// for each waiter that comes.
    private mutating func dropSpentEntries() {
        guard entryCount > 2 * waiterCount + 64 else { return }
        for (source, line) in lines {
            lines[source]?.entries = line.entries.mapValues { entries in
                ArraySlice(entries.filter { pulls[$0.id]?.waiters[$0.waiter]?.number == $0.number })
            }
            dropIfEmpty(source)
        }
        entryCount = lines.values.reduce(0) { $0 + $1.entryCount }
    }
}
