internal import CMantaShims
package import MantaCore
internal import Dispatch
import Glibc
import Synchronization

/// One thread that is an epoll loop, a serial executor and, by its `tasks`, a task executor at once.
///
/// What a lane serves (links, actors, their tasks) runs on its thread only, so a frame is read, its method
/// runs and its reply is written without a lock and without waking another thread. A turn of the loop runs
/// all jobs, then writes what they produced, then waits for sockets, timers or work from other threads.
///
/// A lane starts its thread when it is made, and ends it after `stop()`. Jobs that arrive later still run, one
/// after another in a queue, so that no task is ever left suspended and the lane's actors stay isolated.
package final class Lane: SerialExecutor, Sendable {
    package let name: String
    /// The lane's place in its process; 255 is the control lane.
    package let index: UInt8

    private let epoll: Int32
    private let wakeUp: Int32
    private let inbox = Mutex(Inbox())
    /// Set by the lane's thread while it runs, and so true for nobody else.
    private let thread = Atomic<UInt>(0)
    private let runningJob = Atomic<UInt>(0)
    private let jobStarted = Atomic<UInt64>(0)

    /// What tasks prefer, to run on this lane.
    package let tasks = LaneTasks()

    /// Confined to the lane's thread: every use is behind `isCurrent`, or in code that the lane calls.
    nonisolated(unsafe) private let turn: LaneTurn

    /// What other threads hand over.
    private struct Inbox {
        var jobs: [LaneJob] = []
        var actions: [@Sendable () -> Void] = []
        var isSleeping = false
        var isStopping = false
        /// Runs what comes after the end of the thread; `nil` before that.
        var lateJobs: DispatchQueue?
        var stopWaiters: [CheckedContinuation<Void, Never>] = []
    }

    /// Starts the lane. `slowJob` is called on it after a job has held it for longer than `threshold`, with
    /// the job's identity.
    package init(
        name: String,
        index: UInt8,
        threshold: Duration = .milliseconds(50),
        slowJob: (@Sendable (UInt, Duration) -> Void)? = nil
    ) {
        self.name = name
        self.index = index
        epoll = manta_epoll_create()
        wakeUp = manta_eventfd()
        precondition(epoll >= 0 && wakeUp >= 0, "no descriptors left for a lane: raise the limit (ulimit -n)")
        turn = LaneTurn(threshold: threshold, slowJob: slowJob)
        _ = manta_epoll_add(epoll, wakeUp, LaneEvents.readable.rawValue, LaneTurn.wakeUpToken)
        tasks.serve(self)
        startThread(named: name) { [self] in run() }
    }

    /// Whether there are descriptors for another lane and for the links that are just being made. For those who
    /// can do without: a lane that cannot be made is the end of the process.
    package static var hasRoomForAnother: Bool {
        let descriptors = (0..<8).map { _ in manta_eventfd() }
        defer { for descriptor in descriptors where descriptor >= 0 { _ = manta_close(descriptor) } }
        return descriptors.allSatisfy { $0 >= 0 }
    }

    /// Whether the caller runs on this lane's thread.
    package var isCurrent: Bool {
        thread.load(ordering: .relaxed) == UInt(bitPattern: manta_thread_pointer())
    }

    /// The time of the calendar, in nanoseconds since 1970.
    package static var wallClock: Int64 { manta_wall_clock() }

    package static var now: Moment { Moment(nanoseconds: manta_now()) }

    // MARK: Work from anywhere

    package func enqueue(_ job: consuming ExecutorJob) { enqueue(LaneJob(UnownedJob(job), isIsolated: true)) }

    func enqueue(_ job: LaneJob) {
        if isCurrent {
            turn.jobs.append(job)
            return
        }
        let (late, mustWake) = inbox.withLock { inbox in
            if let late = inbox.lateJobs { return (DispatchQueue?.some(late), false) }
            inbox.jobs.append(job)
            defer { inbox.isSleeping = false }
            return (nil, inbox.isSleeping)
        }
        if mustWake { manta_eventfd_signal(wakeUp) }
        // In order, and not within the caller, who may be on the lane's actors himself.
        late?.async { self.runHere(job) }
    }

    /// Runs `action` on the lane, soon: at once when the caller is on it. `false` when the lane has stopped.
    @discardableResult
    package func execute(_ action: @escaping @Sendable () -> Void) -> Bool {
        if isCurrent {
            action()
            return true
        }
        return executeLater(action)
    }

    /// Runs `action` on the lane, later: never before this returns. `false` when the lane has stopped.
    package func executeLater(_ action: @escaping @Sendable () -> Void) -> Bool {
        let (isAlive, mustWake) = inbox.withLock { inbox in
            guard inbox.lateJobs == nil else { return (false, false) }
            inbox.actions.append(action)
            defer { inbox.isSleeping = false }
            return (true, inbox.isSleeping)
        }
        if mustWake { manta_eventfd_signal(wakeUp) }
        return isAlive
    }

    /// Ends the thread once what is queued has run, and waits for that; not to be called on the lane itself.
    package func stop() async {
        await withCheckedContinuation { continuation in
            let mustWait = inbox.withLock { inbox in
                guard inbox.lateJobs == nil else { return false }
                inbox.isStopping = true
                inbox.isSleeping = false
                inbox.stopWaiters.append(continuation)
                return true
            }
            if mustWait { manta_eventfd_signal(wakeUp) } else { continuation.resume() }
        }
    }

    /// Ends the thread once what is queued has run, without waiting for it.
    package func requestStop() {
        let mustWake = inbox.withLock { inbox in
            inbox.isStopping = true
            defer { inbox.isSleeping = false }
            return inbox.isSleeping
        }
        if mustWake { manta_eventfd_signal(wakeUp) }
    }

    // MARK: Work on the lane

    /// Watches `descriptor` for `source`. Only on the lane.
    package func add(_ source: any LaneSource, descriptor: Int32, events: LaneEvents) -> LaneToken {
        precondition(isCurrent, "sources of \(name) are added on its thread")
        let token = turn.insert(source)
        _ = manta_epoll_add(epoll, descriptor, events.rawValue, token.rawValue)
        return token
    }

    /// Changes what is watched; may be called from any thread while the descriptor is open.
    package func watch(_ descriptor: Int32, for events: LaneEvents, token: LaneToken) {
        _ = manta_epoll_modify(epoll, descriptor, events.rawValue, token.rawValue)
    }

    /// Only on the lane, before the descriptor is closed.
    package func remove(_ token: LaneToken, descriptor: Int32) {
        precondition(isCurrent, "sources of \(name) are removed on its thread")
        _ = manta_epoll_remove(epoll, descriptor)
        turn.remove(token)
    }

    /// Calls `source.timePassed` at `moment` or a little later. There is no way to take it back: a source
    /// that no longer cares does nothing. Only on the lane.
    package func wake(_ source: any LaneSource, at moment: Moment) {
        precondition(isCurrent, "timers of \(name) are set on its thread")
        turn.timers.insert(source, at: moment)
    }

    /// Has `source` flushed at the end of this turn. Only on the lane.
    package func needsFlush(_ source: any LaneSource) { turn.dirty.append(source) }

    /// Where sockets of this lane receive into; only valid on the lane, until the source returns.
    package var receiveBuffer: UnsafeMutableRawBufferPointer { turn.receiveBuffer }

    /// The job that runs now, and since when; for a watchdog on another thread.
    package var currentJob: (identity: UInt, started: Moment)? {
        let job = runningJob.load(ordering: .relaxed)
        return job == 0
            ? nil : (job, Moment(nanoseconds: jobStarted.load(ordering: .relaxed)))
    }

    /// Counts the jobs that this lane has run. Only on the lane.
    package var jobNumber: UInt64 { turn.jobNumber }

    // MARK: Executor

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
    package func isIsolatingCurrentContext() -> Bool? { isCurrent }
    package func checkIsolated() { precondition(isCurrent, "not on \(name)") }

    private func runHere(_ job: LaneJob) {
        if job.isIsolated {
            job.job.runSynchronously(
                isolatedTo: asUnownedSerialExecutor(),
                taskExecutor: tasks.asUnownedTaskExecutor()
            )
        } else {
            job.job.runSynchronously(on: tasks.asUnownedTaskExecutor())
        }
    }

    // MARK: The loop

    private func run() {
        thread.store(UInt(bitPattern: manta_thread_pointer()), ordering: .releasing)
        while true {
            takeInbox()
            runJobs()
            flush()
            guard let timeout = sleepTime() else { continue }
            if timeout == .stop { break }
            waitForEvents(timeout)
        }
        // The next thread may get the same stack, and with it the same pointer.
        thread.store(0, ordering: .releasing)
        turn.close()
        close(epoll)
        close(wakeUp)
    }

    private enum SleepTime: Equatable {
        case milliseconds(Int32)
        case stop
    }

    private func takeInbox() {
        let actions = inbox.withLock { inbox in
            if !inbox.jobs.isEmpty {
                if turn.jobs.isEmpty {
                    swap(&turn.jobs, &inbox.jobs)
                } else {
                    turn.jobs.append(contentsOf: inbox.jobs)
                    inbox.jobs.removeAll(keepingCapacity: true)
                }
            }
            guard !inbox.actions.isEmpty else { return [@Sendable () -> Void]() }
            defer { inbox.actions = [] }
            return inbox.actions
        }
        for action in actions { action() }
    }

    /// Runs what is queued, and what that queues, up to a bound: sockets and timers are not starved.
    private func runJobs() {
        var batches = 0
        while !turn.jobs.isEmpty, batches < 64 {
            batches += 1
            swap(&turn.jobs, &turn.batch)
            var started = manta_now_coarse()
            for job in turn.batch {
                let identity = unsafeBitCast(job.job, to: UInt.self)
                turn.jobNumber &+= 1
                jobStarted.store(started, ordering: .relaxed)
                runningJob.store(identity, ordering: .relaxed)
                runHere(job)
                let ended = manta_now_coarse()
                if ended - started > turn.slowNanoseconds { turn.report(identity, ended - started) }
                started = ended
            }
            runningJob.store(0, ordering: .relaxed)
            turn.batch.removeAll(keepingCapacity: true)
        }
    }

    private func flush() {
        guard !turn.dirty.isEmpty else { return }
        swap(&turn.dirty, &turn.flushing)
        for source in turn.flushing { source.flush() }
        turn.flushing.removeAll(keepingCapacity: true)
    }

    /// How long to wait for events; `nil` when there is work.
    private func sleepTime() -> SleepTime? {
        guard turn.jobs.isEmpty, turn.dirty.isEmpty else { return .milliseconds(0) }
        let now = Self.now
        let next = turn.timers.next
        let timeout: Int32 =
            next == .distantFuture
            ? -1 : Int32(clamping: (next.nanoseconds -| now.nanoseconds + 999_999) / 1_000_000)
        return inbox.withLock { inbox in
            guard inbox.jobs.isEmpty, inbox.actions.isEmpty else { return nil }
            if inbox.isStopping {
                inbox.lateJobs = DispatchQueue(label: "manta.late")
                for waiter in inbox.stopWaiters { waiter.resume() }
                inbox.stopWaiters = []
                return .stop
            }
            inbox.isSleeping = timeout != 0
            return .milliseconds(timeout)
        }
    }

    private func waitForEvents(_ timeout: SleepTime) {
        guard case .milliseconds(let milliseconds) = timeout else { return }
        let count = manta_epoll_wait(epoll, turn.events, LaneTurn.eventCapacity, milliseconds)
        if milliseconds != 0 { inbox.withLock { $0.isSleeping = false } }
        for index in 0..<max(0, Int(count)) {
            let event = turn.events[index]
            if event.token == LaneTurn.wakeUpToken {
                manta_eventfd_clear(wakeUp)
            } else if let source = turn.source(LaneToken(rawValue: event.token)) {
                source.ready(LaneEvents(rawValue: event.events))
            }
        }
        turn.recycleTokens()
        guard turn.timers.next != .distantFuture else { return }
        let now = Self.now
        while let source = turn.timers.pop(notAfter: now) { source.timePassed(now) }
    }
}

infix operator -| : AdditionPrecedence
extension UInt64 {
    /// Subtracts down to zero.
    fileprivate static func -| (left: UInt64, right: UInt64) -> UInt64 { left > right ? left - right : 0 }
}
