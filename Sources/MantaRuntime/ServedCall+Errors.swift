internal import Distributed
import MantaCore

/// Why a call did not run.
extension ServedCall {
    func wrongType(_ actor: any DistributedActor) -> ClusterError {
        ClusterError(
            .noSuchMethod,
            "\(hosted.id) in \(connection.system.process) is a \(type(of: actor)), which has no \(method.name.readable), "
                + "as \(connection.peer) called it",
            outcome: .notExecuted
        )
    }

    func wrongSubstitutions(_ actor: any DistributedActor, _ types: [any Any.Type]) -> ClusterError {
        ClusterError(
            .undecodable,
            "\(connection.peer) called \(method.name.readable) with \(types) for generic parameters, which do not fit "
                + "\(type(of: actor)) in \(connection.system.process)",
            outcome: .notExecuted
        )
    }

    // MARK: In line

    func isLate(at now: Moment) -> Bool { deadline <= now }

    func lateInLine() -> ClusterError {
        ClusterError(
            .timedOut,
            "\(description) did not get its turn by its deadline",
            hint: "withCallOptions(timeout:) gives calls more time",
            outcome: .notExecuted
        )
    }

    func cancelledInLine() -> ClusterError {
        ClusterError(
            .cancelled,
            "\(description) was cancelled while it waited for its turn",
            outcome: .notExecuted
        )
    }
}
