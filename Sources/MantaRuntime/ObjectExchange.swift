import MantaCore
import MantaObjectStore
import MantaTransport
import Synchronization

/// Sends what a process's table of references has to tell others, a little later than it comes up: a reference that is
/// passed and dropped soon after costs one word, and words to one process go together.
final class ObjectExchange: Sendable {
    /// How long words wait for others. References are held a little longer for it.
    private static let pause = Duration.milliseconds(2)
    /// How long a process has to answer.
    private static let patience = Duration.seconds(5)

    private let control: Lane
    private let isDue = Atomic<Bool>(false)
    /// When the table next has something to say again, or to ask.
    private let alarm = Mutex(Moment.distantFuture)
    private let signal: AsyncStream<Void>.Continuation
    private let signals: AsyncStream<Void>
    private let runner = Mutex<Task<Void, Never>?>(nil)

    init(control: Lane) {
        self.control = control
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Has words sent in a moment, unless that is so already.
    func flushSoon() {
        guard !isDue.exchange(true, ordering: .acquiringAndReleasing) else { return }
        wake(after: Self.pause)
    }

    private func wake(after pause: Duration) {
        control.execute { [control, signal] in
            control.wake(LaneTimer { signal.yield() }, at: Lane.now + pause)
        }
    }

    /// Has words sent that are due at a moment to come.
    func flush(by next: Moment) {
        let isEarlier = alarm.withLock { alarm in
            // The last one has gone off, or is about to.
            if alarm <= Lane.now { alarm = .distantFuture }
            guard next < alarm else { return false }
            alarm = next
            return true
        }
        if isEarlier { wake(after: next.since(Lane.now)) }
    }

    /// Begins to send for `client`; `stop()` ends it.
    func start(for client: ObjectClient) {
        // A task of its own, which belongs to the process: words come up in code that has none.
        let task = Task.detached(executorPreference: control.tasks) { [self] in await run(client) }
        runner.withLock { $0 = task }
    }

    func stop() {
        signal.finish()
        runner.withLock { $0.take() }?.cancel()
    }

    private func run(_ client: ObjectClient) async {
        await withDiscardingTaskGroup { group in
            for await _ in signals {
                isDue.store(false, ordering: .releasing)
                let (updates, next) = client.takeUpdates()
                for (peer, update) in updates {
                    group.addTask(executorPreference: control.tasks) {
                        await self.send(update, to: peer, client)
                    }
                }
                flush(by: next)
            }
            group.cancelAll()
        }
    }

    private func send(_ update: ReferenceTable.Update, to peer: ProcessID, _ client: ObjectClient) async {
        do {
            guard let system = client.system else { return }
            let answer = try await withCallOptions(timeout: Self.patience) {
                try await ObjectHost.at(peer, using: system).update(update, from: system.process)
            }
            client.change { $0.answered(answer, by: peer, now: Lane.now) }
        } catch {
            if await client.learnsOfEnd(of: peer) { return }
            client.change { $0.unanswered(update.number, by: peer, now: Lane.now) }
            // The pause before the next try is the table's.
            flushSoon()
        }
    }
}

extension ObjectClient {
    fileprivate func takeUpdates() -> ([(peer: ProcessID, update: ReferenceTable.Update)], next: Moment) {
        var next = Moment.distantFuture
        let updates = change { table in
            let updates = table.takeUpdates(now: Lane.now)
            next = table.nextDeadline
            return updates
        }
        return (updates, next)
    }
}
