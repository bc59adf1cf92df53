internal import CMantaShims
internal import MantaTransport

/// A socket that says nothing: its end is the end of the process at its other end.
final class Lifeline: LaneSource, Sendable {
    private let descriptor: Int32
    private let cut: @Sendable () -> Void

    /// `cut` is called on the lane, once.
    init(_ descriptor: Int32, cut: @escaping @Sendable () -> Void) {
        self.descriptor = descriptor
        self.cut = cut
    }

    func start(on lane: Lane) {
        _ = manta_set_nonblocking(descriptor)
        lane.execute { _ = lane.add(self, descriptor: self.descriptor, events: .readable) }
    }

    func ready(_ events: LaneEvents) {
        var byte: UInt8 = 0
        if manta_receive(descriptor, &byte, 1) == 0 { cut() }
    }
}
