package import MantaCore

extension ReferenceTable {
    /// Whether `takeUpdates` has something to hand out now, those not counted that are sent again.
    package var hasUpdates: Bool { !ready.isEmpty }

    /// When the next reference is asked back that has not arrived; `distantFuture` when none is.
    package var nextRetraction: Moment { retractions.deadline }

    /// Whether a process is known to have ended.
    package func hasEnded(_ process: ProcessID) -> Bool { ended.contains(process) }
}
