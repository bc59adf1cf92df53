internal import Logging
import MantaCore
import MantaTransport
import Synchronization

/// Names the methods that hold a shared lane for too long: others of the lane wait for them.
///
/// A method that has returned is reported by its lane; one that does not return, by a look from the control
/// lane.
final class Watchdog: LaneSource, Sendable {
    static let threshold = Duration.milliseconds(50)
    private static let period = Duration.milliseconds(250)

    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        weak var system: ClusterSystem?
        /// The process hosts a single actor: it holds up nobody.
        var isIdle = false
        /// The job of each lane that has been reported while it ran.
        var reported: [UInt: Moment] = [:]
    }

    init(logger: Logger) { self.logger = logger }

    func start(_ system: ClusterSystem) {
        state.withLock { $0.system = system }
        system.control.execute { system.control.wake(self, at: Lane.now + Self.period) }
    }

    func jobEnded(_ job: UInt, after duration: Duration, onLane lane: Int) {
        guard let system = state.withLock({ $0.system }) else { return }
        report(system.methodRun(by: job, onLane: lane), "held", duration, lane)
    }

    func timePassed(_ now: Moment) {
        guard let system = state.withLock({ $0.system }) else { return }
        for (index, lane) in system.lanes.enumerated() {
            guard let (job, started) = lane.currentJob, started + Self.threshold < now else { continue }
            let isNew = state.withLock { $0.reported.updateValue(started, forKey: UInt(index)) != started }
            guard isNew else { continue }
            let method = system.peers.all.lazy.compactMap { $0.methodRun(by: job) }.first
            report(method, "has been holding", now.since(started), index)
        }
        system.control.wake(self, at: now + Self.period)
    }

    /// Stops reporting.
    func stop() { state.withLock { $0.isIdle = true } }

    private func report(_ method: String?, _ verb: String, _ duration: Duration, _ lane: Int) {
        guard !state.withLock({ $0.isIdle }) else { return }
        logger.warning(
            """
            \(method ?? "a task") \(verb) shared lane \(lane) for \(duration.formattedMilliseconds) ms; its other actors waited. \
            Spawn an actor that computes or blocks with isolation .thread or .process
            """
        )
    }

    func ready(_ events: LaneEvents) {}
}

extension Duration {
    /// Whole milliseconds.
    fileprivate var formattedMilliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}
