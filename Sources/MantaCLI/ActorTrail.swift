internal import Manta
internal import MantaCore
internal import MantaGCS

/// The way of an actor from worker to worker, for those who follow its log.
struct ActorTrail {
    enum Step {
        /// It is where it was.
        case stays
        /// It has no worker at the moment.
        case waits
        /// It goes on in another worker.
        case moved(ActorInfo)
        case ended(String)
    }

    let observer: ClusterObserver
    /// As it was when its log was chosen.
    private(set) var actor: ActorInfo

    init(of actor: ActorInfo, _ observer: ClusterObserver) {
        self.actor = actor
        self.observer = observer
    }

    /// Where the actor is now. Asks for all actors of the cluster: not often.
    func look() async throws -> Step {
        guard let now = try await observer.actors().first(where: { $0.id == actor.id }) else {
            return .ended("the cluster does not know \(actor.id) any more")
        }
        switch now.state {
        case .dead: return .ended("\(actor.id) has ended: \(now.deathCause.map { "\($0)" } ?? "it is dead")")
        case .pending, .restarting: return .waits
        case .alive:
            guard now.epoch != actor.epoch || now.node != actor.node || now.processID != actor.processID
            else {
                return .stays
            }
            return now.node == nil || now.processID == nil ? .waits : .moved(now)
        }
    }

    mutating func follow(to actor: ActorInfo) { self.actor = actor }

    /// For people: where the output of the actor's earlier incarnations is; `nil` when there were none.
    ///
    /// - Parameters:
    ///   - actor: The actor.
    ///   - name: The log of its worker, which is in the folder of its job; `nil` when that has printed nothing.
    /// - Returns: A sentence.
    static func earlier(than actor: ActorInfo, log name: String?) -> String? {
        guard actor.epoch > 1 else { return nil }
        let folder =
            name?.split(separator: "/").first.map(String.init) ?? "JOB, with its job in manta list jobs"
        let times = actor.epoch == 2 ? "once before" : "\(actor.epoch - 1) times before"
        return
            "\(actor.id) ran \(times), in other workers; all that the workers of its job have printed: manta logs \(folder)"
    }
}
