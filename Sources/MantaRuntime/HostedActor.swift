package import Distributed
package import MantaCore
import MantaTransport
import Synchronization

/// An actor that lives in this process, and where its code runs.
package final class HostedActor: Sendable {
    package let id: ActorID
    package let epoch: UInt32
    /// For people: `Counter "hits"`.
    package let label: String
    /// Where the names that it uses count; `nil` is that of the process.
    let namespace: String?
    let place: Place
    /// Where calls wait for their turn; `nil` when any number may run at a time.
    let line: CallLine?
    /// What the cluster spawned lives until the cluster ends it; what the program created lives as long as
    /// the program wants.
    private let strong: (any DistributedActor)?
    private weak let weak: (any DistributedActor)?
    /// Made with the first call that its caller may send again.
    private let replyStore = Mutex<ReplyStore?>(nil)
    private let closed = Atomic<Bool>(false)
    private let refusal = Mutex<ClusterError?>(nil)
    /// Calls whose links were lost while they ran; no connection knows them any more.
    private let orphans = Mutex<[ObjectIdentifier: ServedCall]>([:])

    /// Where an actor's code runs.
    enum Place: Sendable {
        case lane(Lane)
        /// The default executor, which has no order of its own: calls enter it through a queue.
        case pool(PoolQueue)
    }

    init(
        _ actor: any DistributedActor,
        id: ActorID,
        epoch: UInt32,
        label: String,
        namespace: String?,
        place: Place,
        line: CallLine? = nil,
        isOwned: Bool
    ) {
        self.id = id
        self.epoch = epoch
        self.label = label
        self.namespace = namespace
        self.place = place
        self.line = line
        strong = isOwned ? actor : nil
        weak = isOwned ? nil : actor
    }

    package var actor: (any DistributedActor)? { strong ?? weak }

    /// For people, who have to tell it from others of its type: `Counter "hits"`, `Counter (actor-7)`.
    var title: String { Self.title(label, id) }

    static func title(_ label: String, _ id: ActorID) -> String {
        // A label with a name ends with it.
        label.hasSuffix("\"") ? label : "\(label) (\(id))"
    }

    /// The replies that are kept for callers that may send their calls again.
    func replies(in system: ClusterSystem) -> ReplyStore {
        replyStore.withLock { store in
            if let store { return store }
            let new = ReplyStore(control: system.control)
            store = new
            return new
        }
    }

    /// Lets go of all that is there for callers that have ended: their calls that run are cancelled.
    func ended(_ callers: Set<ProcessID>) {
        guard let store = replyStore.withLock({ $0 }) else { return }
        for call in store.ended(callers) { call.cancel() }
    }

    /// Those who may ask again for what they called.
    var openCallers: Set<ProcessID> { replyStore.withLock { $0 }?.openCallers ?? [] }

    // MARK: The end

    /// Takes no more calls: each one that comes is refused with `error`. The first one counts.
    func close(_ error: ClusterError) {
        refusal.withLock { refusal in
            if refusal == nil { refusal = error }
        }
        closed.store(true, ordering: .sequentiallyConsistent)
    }

    /// Why a call is refused; `nil` while calls are taken. Asked when the call is in its connection's table
    /// already: who closes the actor looks for calls there after it has closed it, and so either misses none
    /// or has them refused.
    var closedFor: ClusterError? {
        closed.load(ordering: .sequentiallyConsistent) ? refusal.withLock { $0 } : nil
    }

    /// Keeps a call that has lost its link, until its method returns.
    func adopt(_ call: ServedCall) {
        let key = ObjectIdentifier(call)
        orphans.withLock { $0[key] = call }
        call.whenEnded { [weak self] in self?.orphans.withLock { $0[key] = nil } }
    }

    var orphanedCalls: [ServedCall] { orphans.withLock { Array($0.values) } }
}
