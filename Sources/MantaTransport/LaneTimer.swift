package import MantaCore

/// Runs an action once, at the moment for which its lane is told to wake it.
package final class LaneTimer: LaneSource, Sendable {
    private let action: @Sendable () -> Void

    package init(_ action: @escaping @Sendable () -> Void) { self.action = action }

    package func ready(_ events: LaneEvents) {}
    package func timePassed(_ now: Moment) { action() }
}
