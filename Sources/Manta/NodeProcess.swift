internal import CMantaShims
internal import MantaCore
package import MantaRaylet
package import MantaTransport
import Synchronization

/// A node process, for the process that has started it.
///
/// It leads a process group, which its workers belong to: so signals reach all of the node at once. It ends when this
/// process does, by the socket between the two.
package final class NodeProcess: LaneSource, Sendable {
    private let group: ProcessGroup
    private let descriptor: Int32
    private let lane: Lane
    private let state: Mutex<State>
    /// Confined to the lane.
    nonisolated(unsafe) private var token: LaneToken?

    private struct State {
        var lifeline: Int32?
        var hasEnded = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    /// Starts `program` as a node. Its output is this process's.
    ///
    /// - Throws: `overloaded` when the system has no process or descriptor left.
    package static func start(_ launch: NodeLaunch, program: WorkerProgram, lane: Lane) throws -> NodeProcess
    {
        let command = program.command(NodeLaunch.variable, try launch.encoded())
        var lifeline: [Int32] = [-1, -1]
        let status = manta_socketpair(&lifeline)
        guard status >= 0 else { throw failure("socketpair", status) }
        let pid = command.spawn(control: lifeline[1], output: 1, errors: 2, inOwnGroup: true)
        _ = manta_close(lifeline[1])
        guard pid >= 0 else {
            _ = manta_close(lifeline[0])
            throw failure("posix_spawn", pid)
        }
        let descriptor = manta_pidfd_open(pid)
        precondition(descriptor >= 0, "no descriptor for process \(pid): \(describe(error: -descriptor))")
        let process = NodeProcess(pid, descriptor, lifeline[0], lane)
        lane.execute { process.token = lane.add(process, descriptor: descriptor, events: .readable) }
        return process
    }

    private static func failure(_ call: String, _ status: Int32) -> ClusterError {
        ClusterError(
            .overloaded,
            "cannot start a node: \(call) failed: \(describe(error: -status))",
            hint: "raise the limits on processes and open files (ulimit -u, ulimit -n)"
        )
    }

    private init(_ pid: Int32, _ descriptor: Int32, _ lifeline: Int32, _ lane: Lane) {
        group = ProcessGroup(leader: pid)
        self.descriptor = descriptor
        self.lane = lane
        state = Mutex(State(lifeline: lifeline))
    }

    /// Whether the process itself has ended.
    package var hasEnded: Bool { state.withLock { $0.hasEnded } }

    /// Sends a signal to the process and all of its workers.
    package func signal(_ number: Int32) { group.signal(number) }

    /// Has the node end by itself: whoever started it is gone.
    package func cutLifeline() {
        if let lifeline = state.withLock({ $0.lifeline.take() }) { _ = manta_close(lifeline) }
    }

    /// Waits until the process and all of its workers are gone.
    package func end() async {
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                if !state.hasEnded { state.waiters.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
        // The workers are not this process's children: nobody tells their end.
        var patience = 1_000
        while patience > 0, group.isRunning {
            patience -= 1
            try? await Task.sleep(for: .milliseconds(2))
        }
    }

    package func ready(_ events: LaneEvents) {
        var code: Int32 = 0
        var signalled: Int32 = 0
        guard manta_pidfd_reap(descriptor, &code, &signalled) != 0, let token else { return }
        lane.remove(token, descriptor: descriptor)
        self.token = nil
        _ = manta_close(descriptor)
        cutLifeline()
        let waiters = state.withLock { state in
            state.hasEnded = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
