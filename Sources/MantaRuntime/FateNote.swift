import MantaCore
import Synchronization

/// What the directory said last of an actor that a call waits for: for the error, when the call's time is up.
final class FateNote: Sendable {
    private let fate = Mutex<ActorFate?>(nil)

    /// Asks until it is decided where the actor is.
    func decidedFate(of id: ActorID, in directory: any DirectoryClient) async throws -> ActorFate {
        while true {
            let answer: ActorFate
            do { answer = try await directory.fate(of: id) } catch let error as ClusterError
                where error.code == .timedOut
            {
                // The question has the time of the call, whose caller knows nothing of it.
                throw DeadlinePassed()
            }
            fate.withLock { $0 = answer }
            switch answer {
            case .pending, .restarting: try Task.checkCancellation()
            case .alive, .dead, .unknown: return answer
            }
        }
    }

    /// Why a call that waits for the actor waits; empty when it does not.
    var reason: String {
        switch fate.withLock({ $0 }) {
        case .restarting(let cause): ": the actor is being restarted, because \(cause)"
        case .pending: ": the actor waits for its place"
        case .alive, .dead, .unknown, nil: ""
        }
    }
}
