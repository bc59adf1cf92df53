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
    private static let state = Mutex(State())

    private struct State {
        var cluster: (any DriverCluster)?
        var source: SignalSource?
        /// A signal is ending the process.
        var isEnding = false
    }

    static var isEnding: Bool { state.withLock { $0.isEnding } }

    /// Begins to hold signals back, before there is anything that would have to be cleaned up.
    static func prepare() {
        let source = SignalSource()
        state.withLock { $0.source = source }
        source.hold(signals)
        _ = manta_at_exit { ProcessEnd.exiting() }
    }

    /// Has signals shut `cluster` down, also those that have come since `prepare`.
    static func watch(_ cluster: any DriverCluster) {
        let source = state.withLock { state in
            state.cluster = cluster
            return state.source
        }
        source?.serve(on: cluster.system.control) { signal in
            let isSecond = state.withLock { state in
                defer { state.isEnding = true }
                return state.isEnding
            }
            // Who asks twice, or whose program holds all threads, does not wait for an orderly end.
            let force = LaneTimer {
                cluster.abandon()
                manta_signal_raise_default(signal)
            }
            let control = cluster.system.control
            control.wake(force, at: isSecond ? Lane.now : Lane.now + .seconds(10))
            guard !isSecond else { return }
            // Unstructured: a signal belongs to no task. It ends with the process.
            _ = Task.detached {
                await cluster.stop()
                manta_signal_raise_default(signal)
            }
        }
    }

    /// There is no cluster any more: signals do what they did before, also one that was held back meanwhile.
    static func forget() {
        for signal in signals { manta_signal_restore(signal) }
        let source = state.withLock { state in
            state.cluster = nil
            return state.source.take()
        }
        source?.close()
        let missed = manta_signal_take()
        if missed != 0 { manta_signal_raise_default(missed) }
    }

    /// Suspends for the rest of the process's life.
    static func forever() async { await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in } }

    /// While a signal ends the process, nobody returns to code that would end it in another way.
    static func stayIfEnding() async {
        if isEnding { await forever() }
    }

    private static func exiting() { state.withLock { $0.cluster }?.abandon() }
}
