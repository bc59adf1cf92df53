import MantaCore
import MantaTransport
import Synchronization

/// The calls of an actor of which only so many may run at a time: in a line, in the order of their arrival.
///
/// What decides is in `CallGate`; this starts calls, and watches from the control lane for a line that stands
/// still. The actor's own lane may be held by the very method that others wait for.
final class CallLine: LaneSource, Sendable {
    let actor: ActorID
    private let label: String
    private let system: ClusterSystem
    private let state: Mutex<State>

    private struct State {
        var gate: CallGate<ServedCall>
        var watch = StandstillWatch()
        /// Looks for a deadlock now.
        var isSearching = false
        var searchCount = 0
    }

    init(of actor: ActorID, label: String, limit: Int, system: ClusterSystem) {
        self.actor = actor
        self.label = label
        self.system = system
        state = Mutex(State(gate: CallGate(limit: limit)))
    }

    /// Those that have their turn, and how many wait.
    var running: [ServedCall] { state.withLock { $0.gate.running } }
    var waitingCount: Int { state.withLock { $0.gate.waitingCount } }
    /// How often a deadlock has been looked for.
    var searchCount: Int { state.withLock { $0.searchCount } }
    func isWaiting(_ call: ServedCall) -> Bool { state.withLock { $0.gate.isWaiting(call) } }

    /// Whether a call that has arrived may start at once; otherwise it is started when it has its turn.
    func arrived(_ call: ServedCall) -> Bool {
        let (starts, tick) = state.withLock { state in
            let starts = state.gate.arrived(call)
            return (starts, starts ? nil : state.watch.began(turnCount: state.gate.turnCount))
        }
        if let tick { wake(after: tick) }
        return starts
    }

    /// A call that had its turn has ended: the next one starts.
    func left(_ call: ServedCall) {
        var last = call
        while let next = state.withLock({ $0.gate.left(last) }) {
            guard next.isLate(at: Lane.now) else { return next.begin() }
            next.endUnrun(next.lateInLine())
            last = next
        }
    }

    /// Takes a call out of line, so that it never runs; `false` when it has had its turn.
    func withdraw(_ call: ServedCall) -> Bool { state.withLock { $0.gate.withdraw(call) } }

    // MARK: Watching

    private func wake(after duration: Duration) {
        let control = system.control
        control.execute { control.wake(self, at: Lane.now + duration) }
    }

    func timePassed(_ now: Moment) {
        let (late, tick) = state.withLock { state in
            let late = state.gate.waiting.filter { $0.isLate(at: now) && state.gate.withdraw($0) }
            let (turns, waiting) = (state.gate.turnCount, state.gate.waitingCount)
            return (late, state.watch.ticked(turnCount: turns, waitingCount: waiting))
        }
        for call in late { call.endUnrun(call.lateInLine()) }
        switch tick {
        case .idle: break
        case .moving(let next): wake(after: next)
        case .standing(let next):
            search()
            wake(after: next)
        }
    }

    // MARK: Deadlock

    private func search() {
        let isFirst = state.withLock { state in
            defer { state.isSearching = true }
            return !state.isSearching
        }
        guard isFirst else { return }
        // A timer cannot wait for other processes. It ends by itself: every question does within a second.
        Task(executorPreference: system.control.tasks) {
            await self.breakDeadlock()
            self.state.withLock { state in
                state.isSearching = false
                state.searchCount += 1
            }
        }
    }

    /// Fails a call in line when the actor waits for itself, over whatever others.
    private func breakDeadlock() async {
        let first = await waits()
        guard first.deadlock(of: actor) != nil else { return }
        // Pieces of different moments may make a circle that never was.
        guard let deadlock = first.confirmed(by: await waits()).deadlock(of: actor) else { return }
        let victim = state.withLock { state in
            state.gate.waiting.first { $0.key == deadlock.victim && state.gate.withdraw($0) }
        }
        victim?.endUnrun(
            ClusterError(
                .deadlock,
                deadlock.chain,
                hint: "let one of them be .reentrant, or let it answer before it calls",
                outcome: .notExecuted
            )
        )
    }

    private func waits() async -> WaitGraph {
        var search = WaitSearch(system)
        await search.look(at: self, label: label)
        return search.graph
    }

    func ready(_ events: LaneEvents) {}
}
