import MantaCore
import MantaGCS

/// The storage of the head, and what is on its way there: the real line of decisions, over entries in memory.
struct SimulatedHead {
    /// What is told when it is durable, in its order.
    enum News {
        /// With the record that it tells of, and when it was decided.
        case action(ControlPlane.Action, record: ActorRecord?, decided: Moment)
        case request(RayletRequest, RequestAnswer)
        case client(ClientCall, ClientAnswer)
        case driverJoined(Int)
        case audit(Note)
    }

    /// Something that the audit learns when others do.
    enum Note {
        case accepted(ActorRecord)
        case nameTaken(QualifiedName)
        case noSuchName(QualifiedName)
        case killed(ActorKey)
    }

    /// The name of a machine; the head shares the first with a raylet.
    static func machine(_ slot: Int) -> String { "machine-\(slot)" }

    let isStored: Bool
    /// How often it has been started.
    private(set) var life = 1
    private(set) var isDown = false
    var line = CommitLine<News, Never>()
    /// Something waits to be written, and nothing is being.
    var mustWrite = false
    /// Of the batch that is being written.
    var number: UInt64 = 0
    private var writing: [StoredEntry] = []
    private var entries: [StoredEntry.Key: [UInt8]] = [:]
    private var identity = DirectoryIdentity(cluster: 1, process: Clients.host, epoch: 1)

    init(isStored: Bool) { self.isStored = isStored }

    static func clock(_ now: Moment) -> ClockReading {
        ClockReading(moment: now, calendar: Int64(now.nanoseconds) + 1_700_000_000_000_000_000)
    }

    /// What is being written is durable.
    mutating func store(_ changes: [StoredEntry]) {
        for entry in changes { entries[entry.key] = entry.value }
    }

    mutating func begin(_ changes: [StoredEntry]) {
        number += 1
        writing = changes
    }

    mutating func finish() {
        store(writing)
        writing = []
    }

    /// The process of the head ends.
    mutating func crash() {
        isDown = true
        mustWrite = false
        number += 1
        writing = []
        _ = line.written()
        _ = line.fail()
    }

    mutating func start() {
        isDown = false
        life += 1
        identity.epoch += 1
    }

    /// The control plane that a head begins with.
    func plane(seed: UInt64, now: Moment) -> ControlPlane {
        var plane = storedPlane(seed: seed, now: now)
        plane.home = Self.machine(0)
        return plane
    }

    private func storedPlane(seed: UInt64, now: Moment) -> ControlPlane {
        guard isStored else { return ControlPlane(cluster: 1, seed: seed) }
        do {
            // In their order, so that a run is the same each time.
            var all = entries.map { StoredEntry($0.key, $0.value) }
            all.sort { ($0.key.kind.rawValue, $0.key.id) < ($1.key.kind.rawValue, $1.key.id) }
            all.append(try identity.entry)
            return try ControlPlane(restoring: StoredDirectory(all), seed: seed, at: Self.clock(now))
        } catch {
            preconditionFailure("what is stored cannot be read: \(error)")
        }
    }
}
