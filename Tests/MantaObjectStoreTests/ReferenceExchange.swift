import MantaCore
import MantaObjectStore

/// Tables of several processes that exchange their updates without loss, for tests of single rules.
final class ReferenceExchange {
    typealias Change = ReferenceTable.Update.Change

    static let owner = ProcessID(1)
    static let sender = ProcessID(2)
    static let receiver = ProcessID(3)
    static let object = ObjectID(creator: owner, serial: 1)

    var now = Moment(nanoseconds: 1_000_000_000)
    private var tables: [ProcessID: ReferenceTable] = [:]
    /// Every change that was exchanged, in order.
    private(set) var said: [String] = []
    private(set) var events: [ProcessID: [ReferenceTable.Event]] = [:]

    init(processes: Int = 3) {
        for number in 1...UInt64(processes) {
            tables[ProcessID(number)] = ReferenceTable(process: ProcessID(number))
        }
    }

    subscript(_ process: ProcessID) -> ReferenceTable {
        get { tables[process, default: ReferenceTable(process: process)] }
        _modify { yield &tables[process, default: ReferenceTable(process: process)] }
    }

    /// Exchanges updates until there are none.
    func settle() {
        while exchange() {}
    }

    /// Delivers what one process has to say, and the answers.
    @discardableResult
    func exchange(from process: ProcessID) -> Bool {
        let updates = self[process].takeUpdates(now: now)
        for (peer, update) in updates {
            said += update.changes.map { "\(process.rawValue)→\(peer.rawValue) \($0.word)" }
            let answer = self[peer].received(update, from: process)
            self[process].answered(answer, by: peer, now: now)
        }
        let haveCaughtUp = tables.keys.map { takeEvents(of: $0) }
        return !updates.isEmpty || haveCaughtUp.contains(true)
    }

    /// - Returns: Whether the process has caught up with another one: nothing is under way that could still be read.
    private func takeEvents(of process: ProcessID) -> Bool {
        var hasCaughtUp = false
        for event in self[process].takeEvents() {
            events[process, default: []].append(event)
            guard case .catchUp(let peer) = event else { continue }
            self[process].caughtUp(with: peer)
            hasCaughtUp = true
        }
        return hasCaughtUp
    }

    private func exchange() -> Bool {
        var isBusy = false
        for process in tables.keys.sorted(by: { $0.rawValue < $1.rawValue }) where exchange(from: process) {
            isBusy = true
        }
        return isBusy
    }

    /// Sends a reference in a frame of a call that ends at once, and receives it.
    @discardableResult
    func pass(_ id: ObjectID = object, from sender: ProcessID, to receiver: ProcessID) -> Bool {
        let token = send(id, from: sender, to: receiver)
        return receive(token, of: id, from: sender, at: receiver)
    }

    /// Sends a reference in a frame of a call that ends at once.
    func send(_ id: ObjectID = object, from sender: ProcessID, to receiver: ProcessID) -> UInt64 {
        let token = self[sender].embarked(id)
        self[sender].sent(token, to: receiver)
        self[sender].concluded(token, now: now)
        return token
    }

    @discardableResult
    func receive(
        _ token: UInt64,
        of id: ObjectID = object,
        from sender: ProcessID,
        at receiver: ProcessID
    ) -> Bool {
        self[receiver].received(id, owner: id.creator, by: .frame(from: sender, token: token), now: now)
    }

    func take(at process: ProcessID) -> [(peer: ProcessID, update: ReferenceTable.Update)] {
        self[process].takeUpdates(now: now)
    }

    /// What the process has to do, of what was not taken yet.
    func events(of process: ProcessID) -> [ReferenceTable.Event] { self[process].takeEvents() }

    var isFreed: Bool { events[Self.owner, default: []].contains(.freed(Self.object)) }
    var areEmpty: Bool { tables.values.allSatisfy(\.isEmpty) }
}

extension ReferenceTable.Update.Change {
    /// Without the values.
    var word: String {
        switch self {
        case .held: "held"
        case .returned: "returned"
        case .arrived: "arrived"
        case .retracted: "retracted"
        case .settled: "settled"
        case .freed: "freed"
        }
    }
}
