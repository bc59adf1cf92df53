internal import CMantaShims
internal import MantaTransport
import Synchronization

/// Hands signals from their handler, which may do next to nothing, to a lane.
final class SignalSource: LaneSource, Sendable {
    private let descriptor = manta_eventfd()
    private let action = Mutex<(@Sendable (Int32) -> Void)?>(nil)

    /// Signals that come now are told when a lane serves this.
    func hold(_ signals: [Int32]) { for signal in signals { _ = manta_signal_watch(signal, descriptor) } }

    func serve(on lane: Lane, _ action: @escaping @Sendable (Int32) -> Void) {
        self.action.withLock { $0 = action }
        lane.execute { _ = lane.add(self, descriptor: self.descriptor, events: .readable) }
    }

    /// After the lane has stopped, and after the handlers are gone.
    func close() { _ = manta_close(descriptor) }

    func ready(_ events: LaneEvents) {
        manta_eventfd_clear(descriptor)
        while case let signal = manta_signal_take(), signal != 0 { action.withLock { $0 }?(signal) }
    }
}
