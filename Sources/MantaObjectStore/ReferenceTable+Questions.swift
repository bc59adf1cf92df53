package import MantaCore

extension ReferenceTable {
    /// Whether `takeUpdates` has something to hand out now, those not counted that are sent again.
    package var hasUpdates: Bool { !ready.isEmpty }

    /// When the next reference is asked back that has not arrived; `distantFuture` when none is.
    package var nextRetraction: Moment { retractions.deadline }

    /// What is sent with this token is read at most once, however often it is sent: it is let go of when it has arrived.
    package mutating func endsWithArrival(_ token: UInt64) { transits[token]?.endsWithArrival = true }

    /// Whether a process is known to have ended.
    package func hasEnded(_ process: ProcessID) -> Bool { ended.contains(process) }
}
