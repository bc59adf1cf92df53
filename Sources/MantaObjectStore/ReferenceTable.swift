package import MantaCore

/// The references to objects that one process has, and those that others have to its objects.
///
/// Pure state: the owner of the table passes in the time, sends what `takeUpdates` hands out, and performs the
/// events. The protocol is that of Birrell's network objects (SRC-RR-115), with sets of processes in the place of
/// counts, so that nothing depends on how often a message comes.
///
/// An object has one owner for life; every reference names it. The owner keeps the object while it has handles
/// itself, while a process is registered as borrower, and while a reference that it sent is on its way. A
/// borrower registers before it lets go of whoever gave it the reference:
///
///     sender                      receiver                    owner
///     embarked, sent ── frame ──▶ received ───── held ──────▶ borrowers + receiver
///     (keeps the object)          (usable at once) ◀─ answer ─
///     let go ◀──── arrived ──────
///
/// What a process has of an object goes through these states (`Entry.Registration`), the last handle going at →:
///
///     owned ─→ freed
///     toBeHeld ── update taken ──▶ holding ── answered ──▶ held ─→ toBeReturned ── update taken ──▶ gone
///     toBeHeld ─→ gone, nothing said             toBeReturned ── received ──▶ held, nothing said
///     holding ── answered "unknown" ──▶ lost ─→ gone       any borrowed ── owner ended ──▶ ownerDied ─→ gone
///
/// A reference that comes after that starts again: its `held` goes behind the `returned` that is in flight.
///
/// *Safety.* While a process has a handle whose `received` returned true, the owner does not free the object, unless
/// the owner ended (then `ownerDied`) or somebody ended through whom the reference came before the receiver's `held`
/// reached the owner (then `lost`): the sender of its frame; or, if it was read inside an object, that one's owner;
/// or one of those through whom they in turn have theirs, as long as the owner has not heard of them. Where it came
/// more than one way, each has to be cut. A crash of anybody else, or of these later, frees nothing. It rests on three
/// things: `sent` is called once for each time that a frame goes out, and a frame comes out of the network at most
/// once for it; a handle is there while a reference is encoded; and who writes a reference into an object keeps a
/// handle until that object is freed.
///
/// *Liveness.* When all handles are gone and every process that ended was named to `ended`, the updates that are
/// exchanged until none is left free the object, and leave every table empty.
///
/// Update numbers and three bounded memories stay: ended processes, retracted tokens, and the last answer to each
/// peer. What is forgotten there could at worst make a very late reference `lost`.
///
/// - Complexity: O(1) amortised for each call but `ended`, `peers` and `isEmpty`, which look at everything.
package struct ReferenceTable: Hashable, Sendable {
    /// How a reference came into this process.
    package enum Source: Hashable, Sendable {
        /// In a frame: its sender holds the object until it hears that this token has arrived.
        case frame(from: ProcessID, token: UInt64)
        /// Inside another object, which holds it for as long as this process holds that one.
        case object(ObjectID)
    }

    /// What the process has to do.
    package enum Event: Hashable, Sendable {
        /// Nobody refers to this object of this process any more: free its copy in the own node's store.
        case freed(ObjectID)
        /// The owner, elsewhere, says that the copies on this process's nodes are to be freed.
        case forget(ObjectID)
        /// Call `caughtUp` when every frame has been read that this peer has sent until now and will be read at all.
        case catchUp(ProcessID)
    }

    package enum Status: Hashable, Sendable {
        case owned
        /// Held from its owner, or about to be.
        case borrowed(owner: ProcessID)
        /// Its owner has ended.
        case ownerDied(owner: ProcessID)
        /// Its owner does not know it any more.
        case lost(owner: ProcessID)
        /// This process has no reference to it.
        case unknown
    }

    package struct Counts: Hashable, Sendable, Codable {
        /// Handles of this process.
        package var local: Int
        /// Processes that hold references to an object of this one.
        package var borrowers: Int
        /// Tokens: sent, and not yet arrived, or not concluded.
        package var inTransit: Int
        /// References that came inside this object, and are not registered with their owners yet.
        package var inside: Int

        package init(local: Int = 0, borrowers: Int = 0, inTransit: Int = 0, inside: Int = 0) {
            self.local = local
            self.borrowers = borrowers
            self.inTransit = inTransit
            self.inside = inside
        }
    }

    /// How many ended processes are remembered.
    static let endedLimit = 100_000
    /// How many retracted tokens are remembered.
    static let retractedLimit = 10_000
    /// How many changes go into one update: about 20 kB.
    static let changeLimit = 1000
    /// After the end of a call, or when a reply has been sent, how long references may take to arrive before they are asked
    /// back.
    static let retractionDelay = Duration.seconds(5)

    package let process: ProcessID

    var entries: [ObjectID: Entry] = [:]
    var channels: [ProcessID: Channel] = [:]
    var events: [Event] = []
    /// Entries that may have lost their last reference; empty between calls.
    var loose: [ObjectID] = []

    var transits: [UInt64: Transit] = [:]
    var lastToken: UInt64 = 0
    /// Concluded tokens in the order of their deadlines; those that have settled since are skipped.
    var retractions = RetractionQueue()

    /// Received tokens whose sender is told when the owner has answered.
    var arriving: [Passage: Arrival] = [:]
    /// What a peer has asked back, while its frames are awaited that are still under way.
    var askedBack: [ProcessID: AskedBack] = [:]
    var retracted = NewestSet<Passage>(limit: Self.retractedLimit)
    var ended = NewestSet<ProcessID>(limit: Self.endedLimit)

    /// Peers that had changes and no update in flight, in the order in which they became so.
    var ready: [ProcessID] = []
    /// Peers whose update is to be sent again.
    var retries: [Retry] = []

    package init(process: ProcessID) { self.process = process }

    // MARK: What is known

    package func status(of id: ObjectID) -> Status {
        guard let entry = entries[id] else { return .unknown }
        return switch entry.registration {
        case .owned: .owned
        case .toBeHeld, .holding, .held: .borrowed(owner: entry.owner)
        case .toBeReturned: .unknown
        case .lost: .lost(owner: entry.owner)
        case .ownerDied: .ownerDied(owner: entry.owner)
        }
    }

    package func counts(of id: ObjectID) -> Counts {
        guard let entry = entries[id] else { return Counts() }
        return Counts(
            local: entry.handles,
            borrowers: entry.borrowers.count,
            inTransit: entry.inTransit,
            inside: entry.inside
        )
    }

    /// The events since the last time, in order.
    package mutating func takeEvents() -> [Event] {
        guard !events.isEmpty else { return [] }
        defer { events.removeAll(keepingCapacity: true) }
        return events
    }
}
