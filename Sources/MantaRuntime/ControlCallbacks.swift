internal import Distributed
internal import MantaCore
package import MantaTransport
import Synchronization

/// Brings a part of the control plane back to its lane: from timers, cancellations, processes and links.
package final class ControlCallbacks<Owner: ControlActor>: Sendable {
    private let control: Lane
    private let owner = Mutex(WeakOwner())

    private struct WeakOwner {
        weak var owner: Owner?
    }

    package init(control: Lane) { self.control = control }

    /// From here on, actions reach `owner`; earlier ones are dropped.
    package func start(_ owner: Owner) { self.owner.withLock { $0.owner = owner } }

    /// Runs `action` on the owner's lane, at once or after a time. Nothing happens when the owner is gone.
    package func perform(
        after duration: Duration? = nil,
        _ action: @escaping @Sendable (isolated Owner) -> Void
    ) {
        control.execute { [self] in
            guard let duration else { return run(action) }
            control.wake(LaneTimer { self.run(action) }, at: Lane.now + duration)
        }
    }

    private func run(_ action: @Sendable (isolated Owner) -> Void) {
        owner.withLock { $0.owner }?.assumeIsolated { action($0) }
    }
}
