import MantaCore

/// Knows, without the tables, which reference must be good, and whose crash excuses that one is not.
///
/// A reference that came in a frame is as good as its sender's until the owner has heard of the receiver; one
/// that was read inside an object is as good as the reader's of that object, and as its owner's of what is inside.
/// It is sound when some way of such dependencies leads from it to one that the owner knows of, through processes
/// that live.
struct ReferenceOracle: Hashable {
    /// What a reference depends on.
    enum Root: Hashable {
        case sender(Int)
        case inside(Int)
    }

    /// A process and an object.
    struct Place: Hashable {
        var process: Int
        var object: Int
    }

    private struct Account: Hashable {
        var handles = 0
        /// Whether the owner has applied `held`, and no `returned` since.
        var isRegistered = false
        /// Since the process last had nothing of the object.
        var roots: Set<Root> = []
    }

    let objects: [ReferenceWorld.Object]
    private var accounts: [[Account]]
    private(set) var isAlive: [Bool]
    private(set) var created: Set<Int> = []
    private(set) var freed: Set<Int> = []
    /// What was not sound when it was freed, or came from there.
    private var excused: Set<Place> = []
    /// What is wrong, if anything.
    private(set) var violation: String?

    init(processCount: Int, objects: [ReferenceWorld.Object]) {
        self.objects = objects
        accounts = Array(repeating: Array(repeating: Account(), count: objects.count), count: processCount)
        isAlive = Array(repeating: true, count: processCount)
    }

    func handles(of object: Int, at process: Int) -> Int { accounts[process][object].handles }

    /// Whether the owner has applied `held`, and no `returned` since.
    func isRegistered(_ object: Int, of process: Int) -> Bool { accounts[process][object].isRegistered }

    mutating func fail(_ what: String) {
        violation = violation ?? what
    }

    // MARK: What processes do

    mutating func create(_ object: Int) {
        created.insert(object)
        retain(object, at: objects[object].owner)
    }

    mutating func retain(_ object: Int, at process: Int) { accounts[process][object].handles += 1 }

    mutating func release(_ object: Int, at process: Int) { accounts[process][object].handles -= 1 }

    mutating func receive(_ object: Int, at process: Int, by root: Root) {
        retain(object, at: process)
        accounts[process][object].roots.insert(root)
        guard freed.contains(object) else { return }
        if isExcused(root, of: object, at: process) {
            excused.insert(Place(process: process, object: object))
        } else {
            fail("process \(process) has received object \(object), which is freed")
        }
    }

    /// The owner has applied `held` or `returned`.
    mutating func register(_ object: Int, of process: Int, _ isRegistered: Bool) {
        accounts[process][object].isRegistered = isRegistered && !freed.contains(object)
    }

    /// The process has nothing of the object any more.
    mutating func forget(_ object: Int, at process: Int) {
        accounts[process][object].roots = []
    }

    mutating func crash(_ process: Int) {
        isAlive[process] = false
        accounts[process] = accounts[process].map { _ in Account() }
    }

    mutating func free(_ object: Int) {
        if !freed.insert(object).inserted { fail("object \(object) is freed twice") }
        let sound = soundPlaces()
        for process in isAlive.indices where isAlive[process] {
            let place = Place(process: process, object: object)
            if !sound.contains(place) {
                excused.insert(place)
            } else if handles(of: object, at: process) > 0 {
                fail("object \(object) is freed while process \(process) has a handle")
            }
        }
    }

    // MARK: What depends on what

    /// The places whose references must be good.
    private func soundPlaces() -> Set<Place> {
        var sound: Set<Place> = []
        var open: [Place] = []
        for process in isAlive.indices where isAlive[process] {
            for object in objects.indices {
                let account = accounts[process][object]
                // Without a root there is nothing that excuses.
                if process == objects[object].owner || account.isRegistered || account.roots.isEmpty {
                    sound.insert(Place(process: process, object: object))
                } else {
                    open.append(Place(process: process, object: object))
                }
            }
        }
        // Only what follows from others: two that depend on each other are not sound.
        var count = -1
        while count < sound.count {
            count = sound.count
            open.removeAll { place in
                let roots = accounts[place.process][place.object].roots
                guard roots.contains(where: { isSound($0, of: place, given: sound) }) else { return false }
                sound.insert(place)
                return true
            }
        }
        return sound
    }

    private func isSound(_ root: Root, of place: Place, given sound: Set<Place>) -> Bool {
        switch root {
        case .sender(let sender): sound.contains(Place(process: sender, object: place.object))
        case .inside(let outer):
            sound.contains(Place(process: place.process, object: outer))
                && sound.contains(Place(process: objects[outer].owner, object: place.object))
        }
    }

    private func isExcused(_ root: Root, of object: Int, at process: Int) -> Bool {
        switch root {
        case .sender(let sender):
            !isAlive[sender] || excused.contains(Place(process: sender, object: object))
        case .inside(let outer):
            !isAlive[objects[outer].owner] || excused.contains(Place(process: process, object: outer))
                || excused.contains(Place(process: objects[outer].owner, object: object))
        }
    }
}
