internal import CMantaShims
internal import Glibc
internal import MantaTransport
import Synchronization

/// Shuts the process's cluster down when a signal or `exit` ends the process.
///
/// SIGINT and SIGTERM are watched where the program has left them at their default; after the shutdown the
/// signal takes its default effect, so that a shell sees what it expects.
enum ProcessEnd {
    private static let signals = [SIGINT, SIGTERM]
    private static let watch = Mutex<(cluster: EmbeddedCluster, signals: SignalSource)?>(nil)

    static func watch(_ cluster: EmbeddedCluster) {
        let source = SignalSource(lane: cluster.system.control) { signal in
            // Unstructured: a signal belongs to no task. It ends with the process.
            _ = Task.detached {
                await cluster.stop()
                manta_signal_raise_default(signal)
            }
        }
        watch.withLock { $0 = (cluster, source) }
        source.start(watching: signals)
        _ = manta_at_exit { ProcessEnd.exiting() }
    }

    /// The cluster has been shut down: signals do what they did before.
    static func forget() {
        for signal in signals { manta_signal_restore(signal) }
        watch.withLock { $0.take() }?.signals.stop()
    }

    private static func exiting() { watch.withLock { $0?.cluster }?.abandon() }
}

/// Hands signals from their handler, which may do next to nothing, to a lane.
private final class SignalSource: LaneSource, Sendable {
    private let lane: Lane
    private let descriptor = manta_eventfd()
    private let action: @Sendable (Int32) -> Void

    init(lane: Lane, _ action: @escaping @Sendable (Int32) -> Void) {
        self.lane = lane
        self.action = action
    }

    func start(watching signals: [Int32]) {
        lane.execute { _ = self.lane.add(self, descriptor: self.descriptor, events: .readable) }
        for signal in signals { _ = manta_signal_watch(signal, descriptor) }
    }

    /// After the lane has stopped, and after the handlers are gone.
    func stop() { _ = manta_close(descriptor) }

    func ready(_ events: LaneEvents) {
        manta_eventfd_clear(descriptor)
        let signal = manta_signal_take()
        if signal != 0 { action(signal) }
    }
}
