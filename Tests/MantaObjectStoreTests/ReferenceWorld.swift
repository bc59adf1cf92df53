import MantaCore
import MantaObjectStore

/// Processes that pass references to each other, what is on its way between them, and an oracle of who must be
/// able to rely on what.
///
/// A value, so that a checker can try every action from every state. It looks at the tables only through their
/// interface.
struct ReferenceWorld: Hashable {
    /// An object of the world.
    struct Object: Hashable {
        var owner: Int
        /// What a reference inside it names. Such an object is made when its owner has that reference; the others
        /// are there from the start.
        var content: Int?
    }

    /// How often something may still happen, so that there is an end to it.
    struct Budget: Hashable {
        /// References passed on.
        var sends = 2
        /// Frames of a call that go out once more.
        var resends = 0
        /// Reads of what is inside an object.
        var reads = 0
        /// Updates that their sender gives up, though they may still arrive.
        var timeouts = 0
        /// Updates and answers that arrive once more.
        var repeats = 0
        /// Times at which late tokens are asked back.
        var retractions = 0
        var crashes = 0
        /// Whether a call ends with its first frame, as that of a reply does, so that there are fewer ways to try.
        var areCallsShort = false
    }

    struct Frame: Hashable {
        var sender: Int
        var receiver: Int
        var token: UInt64
        var object: Int
        var attempt: Int
    }

    enum Message: Hashable {
        case update(from: Int, to: Int, ReferenceTable.Update)
        case answer(from: Int, to: Int, ReferenceTable.Answer)
    }

    /// The end of a process, and who has not heard of it.
    struct End: Hashable {
        var process: Int
        var observer: Int
    }

    struct Way: Hashable {
        var sender: Int
        var receiver: Int
    }

    /// A token for which frames may still go out.
    struct Call: Hashable {
        var sender: Int
        var token: UInt64
    }

    /// What a call sends, and how often it has.
    struct Cargo: Hashable {
        var object: Int
        var attempts: Int
    }

    struct Retraction: Hashable {
        var call: Call
        var receiver: Int
    }

    var budget: Budget
    var oracle: ReferenceOracle
    var tables: [ReferenceTable]
    var frames: Set<Frame> = []
    var messages: Set<Message> = []
    var calls: [Call: Cargo] = [:]
    /// Ends that somebody has not heard of.
    var ends: Set<End> = []
    /// The updates that wait for an answer, by sender and receiver.
    var handedOut: [Way: UInt64] = [:]
    /// What has been asked back, by the word that asks for it.
    var askedBack: Set<Retraction> = []
    /// What a receiver may refuse.
    var retracted: Set<Retraction> = []
    /// Who is to read first what others have sent before they asked something back.
    var catchUps: Set<Way> = []
    /// Of the last update from the first process that the second has applied.
    var applied: [Way: UInt64] = [:]

    init(processes: Int, objects: [Object], budget: Budget) {
        self.budget = budget
        oracle = ReferenceOracle(processCount: processes, objects: objects)
        tables = (0..<processes).map { ReferenceTable(process: Self.process($0)) }
        for (object, description) in objects.enumerated() where description.content == nil { create(object) }
    }

    static func process(_ index: Int) -> ProcessID { ProcessID(UInt64(index) + 1) }
    static func index(_ process: ProcessID) -> Int { Int(process.rawValue) - 1 }

    func id(_ object: Int) -> ObjectID {
        ObjectID(creator: Self.process(objects[object].owner), serial: UInt64(object) + 1)
    }

    var objects: [Object] { oracle.objects }
    var living: [Int] { tables.indices.filter { oracle.isAlive[$0] } }

    /// What is wrong, if anything.
    var violation: String? { oracle.violation }

    // MARK: References

    mutating func create(_ object: Int) {
        let owner = objects[object].owner
        if let content = objects[object].content {
            // It stays for as long as the object does.
            tables[owner].retained(id(content))
            oracle.retain(content, at: owner)
        }
        tables[owner].created(id(object))
        oracle.create(object)
        look(at: owner)
    }

    /// The handles of a process, but those that stay for what it has written the reference into.
    func droppable(_ object: Int, at process: Int) -> Int {
        let handles = oracle.handles(of: object, at: process)
        guard handles > 0 else { return 0 }
        return objects.indices.reduce(handles) { count, outer in
            let isWritten =
                objects[outer].content == object && objects[outer].owner == process
                && oracle.created.contains(outer) && !oracle.freed.contains(outer)
            return isWritten ? count - 1 : count
        }
    }

    mutating func drop(_ object: Int, at process: Int) {
        oracle.release(object, at: process)
        tables[process].released(id(object))
        look(at: process)
    }

    mutating func send(_ object: Int, from sender: Int, to receiver: Int) {
        let token = tables[sender].embarked(id(object))
        let call = Call(sender: sender, token: token)
        calls[call] = Cargo(object: object, attempts: 0)
        send(call, to: receiver)
        if budget.areCallsShort { conclude(call) }
    }

    /// A frame of the call goes out, the first or another one.
    mutating func send(_ call: Call, to receiver: Int) {
        guard var cargo = calls[call] else { return }
        cargo.attempts += 1
        calls[call] = cargo
        if !tables[call.sender].sent(call.token, to: Self.process(receiver)) {
            oracle.fail("process \(call.sender) may not send token \(call.token) of a call that goes on")
        }
        let frame = Frame(
            sender: call.sender,
            receiver: receiver,
            token: call.token,
            object: cargo.object,
            attempt: cargo.attempts
        )
        if oracle.isAlive[receiver] { frames.insert(frame) }
        look(at: call.sender)
    }

    /// Gives a process a reference, and exchanges all that is said about it.
    mutating func share(_ object: Int, with process: Int) {
        let short = budget
        budget.areCallsShort = true
        send(object, from: objects[object].owner, to: process)
        budget = short
        for frame in frames { receive(frame) }
        take(from: process, now: Self.early)
        while let message = messages.first { deliver(message) }
    }

    mutating func conclude(_ call: Call) {
        calls[call] = nil
        tables[call.sender].concluded(call.token, now: Self.early)
        look(at: call.sender)
    }

    mutating func receive(_ frame: Frame) {
        frames.remove(frame)
        let source = ReferenceTable.Source.frame(from: Self.process(frame.sender), token: frame.token)
        if accept(frame.object, at: frame.receiver, by: source) {
            oracle.receive(frame.object, at: frame.receiver, by: .sender(frame.sender))
        } else {
            let call = Call(sender: frame.sender, token: frame.token)
            if !retracted.contains(Retraction(call: call, receiver: frame.receiver)) {
                checkRefusal(of: frame.object, at: frame.receiver, from: frame.sender)
            }
        }
        look(at: frame.receiver)
    }

    /// Reads what is inside an object.
    mutating func read(_ outer: Int, at process: Int) {
        guard let object = objects[outer].content else { return }
        if accept(object, at: process, by: .object(id(outer))) {
            oracle.receive(object, at: process, by: .inside(outer))
        } else {
            checkRefusal(of: object, at: process, from: process)
        }
        look(at: process)
    }

    private mutating func accept(_ object: Int, at process: Int, by source: ReferenceTable.Source) -> Bool {
        let owner = Self.process(objects[object].owner)
        return tables[process].received(id(object), owner: owner, by: source, now: Self.early)
    }

    private mutating func checkRefusal(of object: Int, at process: Int, from sender: Int) {
        guard oracle.isAlive[objects[object].owner], !oracle.freed.contains(object) else { return }
        oracle.fail("process \(process) has refused object \(object) from process \(sender)")
    }

    // MARK: What holds after each step of a process

    /// Performs the events of a process, and compares what it counts.
    mutating func look(at process: Int) {
        for event in tables[process].takeEvents() {
            switch event {
            case .freed(let id):
                let object = Int(id.serial) - 1
                oracle.free(object)
                if let content = objects[object].content { drop(content, at: process) }
            case .forget: break
            case .catchUp(let peer): catchUps.insert(Way(sender: Self.index(peer), receiver: process))
            }
        }
        for object in objects.indices { check(object, at: process) }
    }

    private mutating func check(_ object: Int, at process: Int) {
        let handles = oracle.handles(of: object, at: process)
        if tables[process].counts(of: id(object)).local != handles {
            oracle.fail("process \(process) does not count \(handles) handles of object \(object)")
        }
        switch tables[process].status(of: id(object)) {
        case .lost where !oracle.freed.contains(object):
            oracle.fail("object \(object) is lost to process \(process), and not freed")
        case .ownerDied where oracle.isAlive[objects[object].owner]:
            oracle.fail("the owner of object \(object) has not died, as process \(process) has it")
        case .unknown: oracle.forget(object, at: process)
        default: break
        }
    }
}
