import MantaCore
import MantaObjectStore

/// Updates, answers, ends, and the time.
extension ReferenceWorld {
    /// When everything happens but what waits for time to pass.
    static let early = Moment(nanoseconds: 1_000_000_000)
    /// When updates are sent again.
    static let soon = early + .seconds(3)
    /// When all that waits is due.
    static let late = early + .seconds(3600)

    mutating func take(from process: Int, now: Moment) {
        for (peer, update) in tables[process].takeUpdates(now: now) {
            let peer = Self.index(peer)
            for case .retracted(let token) in update.changes {
                let call = Call(sender: process, token: token)
                askedBack.insert(Retraction(call: call, receiver: peer))
            }
            handedOut[Way(sender: process, receiver: peer)] = update.number
            if oracle.isAlive[peer] { messages.insert(.update(from: process, to: peer, update)) }
        }
        look(at: process)
    }

    /// Delivers a message; it may come once more if it is kept.
    mutating func deliver(_ message: Message, keeping: Bool = false) {
        if !keeping { messages.remove(message) }
        switch message {
        case .update(let sender, let receiver, let update):
            let answer = tables[receiver].received(update, from: Self.process(sender))
            note(update, from: sender, to: receiver)
            if oracle.isAlive[sender] { messages.insert(.answer(from: receiver, to: sender, answer)) }
            look(at: receiver)
        case .answer(let sender, let receiver, let answer):
            let way = Way(sender: receiver, receiver: sender)
            if handedOut[way] == answer.number { handedOut[way] = nil }
            tables[receiver].answered(answer, by: Self.process(sender), now: Self.early)
            look(at: receiver)
        }
    }

    /// What the oracle has to know of an update that was delivered.
    private mutating func note(_ update: ReferenceTable.Update, from sender: Int, to receiver: Int) {
        let way = Way(sender: sender, receiver: receiver)
        // After a crash nothing depends on it.
        guard oracle.isAlive[sender], update.number > applied[way, default: 0] else { return }
        applied[way] = update.number
        for change in update.changes {
            switch change {
            case .held(let id): oracle.register(Int(id.serial) - 1, of: sender, true)
            case .returned(let id): oracle.register(Int(id.serial) - 1, of: sender, false)
            default: break
            }
        }
    }

    /// What the sender has sent before is read, or never will be.
    mutating func catchUp(_ way: Way) {
        catchUps.remove(way)
        for retraction in askedBack
        where retraction.receiver == way.receiver && retraction.call.sender == way.sender {
            askedBack.remove(retraction)
            retracted.insert(retraction)
        }
        tables[way.receiver].caughtUp(with: Self.process(way.sender))
        look(at: way.receiver)
    }

    /// The sender gives an update up, whether it has arrived or not.
    mutating func giveUp(_ way: Way) {
        guard let number = handedOut.removeValue(forKey: way) else { return }
        tables[way.sender].unanswered(number, by: Self.process(way.receiver), now: Self.early)
    }

    mutating func crash(_ process: Int) {
        oracle.crash(process)
        tables[process] = ReferenceTable(process: Self.process(process))
        calls = calls.filter { $0.key.sender != process }
        ends = ends.filter { $0.observer != process }
        frames = frames.filter { $0.receiver != process }
        messages = messages.filter { $0.receiver != process }
        handedOut = handedOut.filter { $0.key.sender != process }
        catchUps = catchUps.filter { $0.receiver != process }
        for observer in living { ends.insert(End(process: process, observer: observer)) }
    }

    mutating func tell(_ end: End) {
        ends.remove(end)
        handedOut[Way(sender: end.observer, receiver: end.process)] = nil
        catchUps.remove(Way(sender: end.process, receiver: end.observer))
        tables[end.observer].ended(Self.process(end.process))
        look(at: end.observer)
    }
}
