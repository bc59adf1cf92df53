import MantaCore
import MantaObjectStore

/// What may happen next.
extension ReferenceWorld {
    enum Kind: Int, CaseIterable, Hashable {
        case create, drop, send, resend, conclude, receive, read
        /// Hand out what may go now; what is sent again, too; what asks late tokens back, too.
        case take, takeSoon, takeLate
        case deliver
        /// Deliver a message, and keep it to deliver it once more.
        case deliverAndKeep
        case giveUp, catchUp, crash, tell
    }

    enum Action: Hashable {
        case create(Int)
        case drop(Int, at: Int)
        case send(Int, from: Int, to: Int)
        case resend(Call, to: Int)
        case conclude(Call)
        case receive(Frame)
        case read(Int, at: Int)
        case take(at: Int)
        case takeSoon(at: Int)
        case takeLate(at: Int)
        case deliver(Message)
        case deliverAndKeep(Message)
        case giveUp(Way)
        case catchUp(Way)
        case crash(Int)
        case tell(End)
    }

    /// Everything that may happen, in one order.
    ///
    /// That a frame or a message is lost is no action: it is never delivered.
    var actions: [Action] { Kind.allCases.flatMap { actions(of: $0) } }

    func actions(of kind: Kind) -> [Action] {
        switch kind {
        case .create: objects.indices.filter(canCreate).map { .create($0) }
        case .drop: droppable.map { .drop($0.object, at: $0.process) }
        case .send:
            budget.sends == 0
                ? []
                : droppable.flatMap { place in
                    others(than: place.process).map { .send(place.object, from: place.process, to: $0) }
                }
        case .resend:
            budget.resends == 0
                ? []
                : sortedCalls.flatMap { call in others(than: call.sender).map { .resend(call, to: $0) } }
        case .conclude: sortedCalls.map { .conclude($0) }
        case .receive: frames.sorted { $0.order < $1.order }.map { .receive($0) }
        case .read:
            budget.reads == 0
                ? []
                : droppable.filter { objects[$0.object].content != nil }
                    .map { .read($0.object, at: $0.process) }
        case .take:
            living.filter { tables[$0].nextDeadline <= Self.early }.map { .take(at: $0) }
        case .takeSoon:
            living.filter { Self.early < tables[$0].nextDeadline && tables[$0].nextDeadline <= Self.soon }
                .map { .takeSoon(at: $0) }
        case .takeLate:
            budget.retractions == 0
                ? []
                : living.filter {
                    Self.early < tables[$0].nextDeadline && tables[$0].nextDeadline <= Self.late
                }
                .map { .takeLate(at: $0) }
        case .deliver: sortedMessages.map { .deliver($0) }
        case .deliverAndKeep: budget.repeats == 0 ? [] : sortedMessages.map { .deliverAndKeep($0) }
        case .giveUp:
            budget.timeouts == 0 ? [] : handedOut.keys.sorted { $0.order < $1.order }.map { .giveUp($0) }
        case .catchUp: catchUps.sorted { $0.order < $1.order }.map { .catchUp($0) }
        case .crash: budget.crashes == 0 ? [] : living.map { .crash($0) }
        case .tell: ends.sorted { $0.order < $1.order }.map { .tell($0) }
        }
    }

    private var droppable: [ReferenceOracle.Place] {
        living.flatMap { process in
            objects.indices.filter { droppable($0, at: process) > 0 }
                .map { ReferenceOracle.Place(process: process, object: $0) }
        }
    }

    private var sortedCalls: [Call] { calls.keys.sorted { $0.order < $1.order } }

    private var sortedMessages: [Message] { messages.sorted { $0.order < $1.order } }

    /// The dead among them: what is sent to them does not arrive, whether their end is known or not.
    private func others(than process: Int) -> [Int] { tables.indices.filter { $0 != process } }

    private func canCreate(_ object: Int) -> Bool {
        guard let content = objects[object].content, !oracle.created.contains(object) else { return false }
        let owner = objects[object].owner
        return oracle.isAlive[owner] && oracle.handles(of: content, at: owner) > 0
    }

    mutating func apply(_ action: Action) {
        switch action {
        case .create(let object): create(object)
        case .drop(let object, let process): drop(object, at: process)
        case .send(let object, let sender, let receiver):
            budget.sends -= 1
            send(object, from: sender, to: receiver)
        case .resend(let call, let receiver):
            budget.resends -= 1
            send(call, to: receiver)
        case .conclude(let call): conclude(call)
        case .receive(let frame): receive(frame)
        case .read(let outer, let process):
            budget.reads -= 1
            read(outer, at: process)
        case .take(let process): take(from: process, now: Self.early)
        case .takeSoon(let process): take(from: process, now: Self.soon)
        case .takeLate(let process):
            budget.retractions -= 1
            take(from: process, now: Self.late)
        case .deliver(let message): deliver(message)
        case .deliverAndKeep(let message):
            budget.repeats -= 1
            deliver(message, keeping: true)
        case .giveUp(let way):
            budget.timeouts -= 1
            giveUp(way)
        case .catchUp(let way): catchUp(way)
        case .crash(let process):
            budget.crashes -= 1
            crash(process)
        case .tell(let end): tell(end)
        }
    }
}
