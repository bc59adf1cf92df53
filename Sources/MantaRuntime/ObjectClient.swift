internal import Distributed
package import MantaCore
package import MantaObjectStore
internal import MantaTransport
import Synchronization

/// A process's part in objects: makes and reads them in its node's store, and counts references with other processes.
///
/// Who refers to what is decided by `ReferenceTable`; this carries it out. None of its locks is held while another is taken.
package final class ObjectClient: Sendable {
    package let process: ProcessID
    package let store: ObjectStore
    /// Brings objects into the store that are not there, and makes room in it.
    package let keeper: any ObjectKeeper
    private let table: Mutex<ReferenceTable>
    private let lastSerial = Atomic<UInt64>(0)
    /// Of the objects of this process: what they refer to, and where copies of them are.
    private let owned = Mutex<[ObjectID: OwnedObject]>([:])
    /// The keepers that live in this process.
    private let localKeepers = Mutex<[any LocalKeeper]>([])
    let exchange: ObjectExchange
    let unreadReplies = UnreadReplies()
    /// Whether the keeper has ended, and its store with it for all but this process.
    private let isOrphaned = Atomic<Bool>(false)
    private let isClosed = Atomic<Bool>(false)
    /// When the keeper was last told that it has something to do.
    let lastNudge = Atomic<UInt64>(0)
    private let link: Mutex<ClusterSystem?>

    struct OwnedObject {
        /// What it refers to; held as long as it lives.
        var contents: [any AnyObject & Sendable] = []
        var byteCount: Int
        /// The node whose store has the copy that must not be lost.
        var home: ObjectPlace
        /// Others that have, or fetch, copies.
        var copies: Set<ObjectPlace> = []
    }

    init(store: ObjectStore, keeper: any ObjectKeeper, system: ClusterSystem) {
        process = system.process
        self.store = store
        self.keeper = keeper
        link = Mutex(system)
        table = Mutex(ReferenceTable(process: system.process))
        exchange = ObjectExchange(control: system.control)
    }

    /// `nil` when the process has shut its system down.
    var system: ClusterSystem? { link.withLock { $0 } }

    func stop() {
        exchange.stop()
        link.withLock { $0 = nil }
        // Freed when the locks are let go of: what objects held is released then, which comes back here.
        let keepers = localKeepers.withLock { keepers in
            defer { keepers = [] }
            return keepers
        }
        let objects = owned.withLock { owned in
            defer { owned = [:] }
            return owned
        }
        withExtendedLifetime((keepers, objects)) {}
    }

    // MARK: References

    /// Changes the table, and does what comes of it.
    @discardableResult
    func change<R>(_ body: (inout ReferenceTable) -> R) -> R {
        let (result, events, hasUpdates) = table.withLock { table in
            let result = body(&table)
            return (result, table.takeEvents(), table.hasUpdates)
        }
        if !events.isEmpty { perform(events) }
        if hasUpdates { exchange.flushSoon() }
        return result
    }

    /// What is to be done, and whether somebody is at it.
    private struct Work {
        var events: [ReferenceTable.Event] = []
        var isTaken = false
    }

    private let work = Mutex(Work())

    /// One after another: what a freed object held is released, which may free another one, and so on for as many as there
    /// are in a row. So they queue up, and are not done inside each other.
    private func perform(_ events: [ReferenceTable.Event]) {
        let isMine = work.withLock { work in
            work.events += events
            defer { work.isTaken = true }
            return !work.isTaken
        }
        guard isMine else { return }
        while let event = nextEvent() { perform(event) }
    }

    private func nextEvent() -> ReferenceTable.Event? {
        work.withLock { work in
            let next = work.events.popLast()
            if next == nil { work.isTaken = false }
            return next
        }
    }

    func released(_ id: ObjectID) { change { $0.released(id) } }
    func concluded(_ token: UInt64) {
        let next = change { table in
            table.concluded(token, now: Lane.now)
            return table.nextRetraction
        }
        // Nothing else may ever be said that would have it asked back.
        if next != .distantFuture { exchange.flush(by: next) }
    }

    private func perform(_ event: ReferenceTable.Event) {
        switch event {
        case .freed(let id):
            // What it referred to is released after the lock is.
            let object = owned.withLock { $0.removeValue(forKey: id) }
            withExtendedLifetime(object) { free(id) }
        case .catchUp(let peer): catchUp(with: peer)
        case .forget(let id): for keeper in localKeepers.withLock({ $0 }) { keeper.forget(id) }
        }
    }

    /// Tells the table when all that `peer` has sent until now has come and been read.
    private func catchUp(with peer: ProcessID) {
        // Not here: who performs events may hold the lock of a connection, and the links are asked.
        _ = system?.control.executeLater { [self] in
            let isRead = AtEnd { self.change { $0.caughtUp(with: peer) } }
            let hasCome = AtEnd { self.unreadReplies.keep(isRead, untilReadFrom: peer) }
            system?.catchUp(with: peer, until: hasCome)
        }
    }

    /// Nobody refers to an object of this process any more.
    func free(_ id: ObjectID) {
        let wasHere = (try? store.free(id)) == true
        let keepers = localKeepers.withLock { $0 }
        // Else it is on the disk, or in the store of another node of this process; and such nodes may have copies.
        if wasHere, keepers.count <= 1 { return }
        for keeper in keepers { keeper.forget(id) }
        if keepers.isEmpty { change { $0.tellFreed(id, to: keeper.place.process) } }
    }

    /// Processes of the cluster have ended for good.
    func ended(_ processes: [ProcessID]) {
        if processes.contains(keeper.place.process) { isOrphaned.store(true, ordering: .relaxed) }
        for process in processes {
            change { $0.ended(process) }
            unreadReplies.ended(process)
        }
        for keeper in localKeepers.withLock({ $0 }) { keeper.ended(processes) }
    }

    /// Takes no more objects, for a process that leaves: what it wrote when its end has been told would not be freed.
    package func close() { isClosed.store(true, ordering: .relaxed) }

    /// - Throws: `notConnected` when this process or the store's node has left the cluster: nobody else could read what this
    ///   process wrote now, nor would it be freed.
    func checkStore() throws(ClusterError) {
        guard !isClosed.load(ordering: .relaxed), system?.isCutOff == false else { throw notConnected() }
        guard isOrphaned.load(ordering: .relaxed) else { return }
        throw ClusterError(
            .notConnected,
            "\(keeper.place.node), in whose store \(process) keeps its objects, has ended: nobody else could read another one",
            hint: "start the program again: it joins by the node that this machine is now"
        )
    }

    /// Whether a process that cannot be reached has ended: the directory is asked, because the feed tells only what has
    /// happened since this process came.
    package func learnsOfEnd(of process: ProcessID) async -> Bool {
        if hasEnded(process) { return true }
        guard let system, let directory = system.currentDirectory(),
            case .dead? = try? await directory.fate(of: ObjectHost.id(in: process), afterLosing: process)
        else { return false }
        system.ended([process])
        return true
    }

    /// Processes whose end matters here.
    func peers() async -> Set<ProcessID> {
        var peers = table.withLock { $0.peers }
        for keeper in localKeepers.withLock({ $0 }) { peers.formUnion(await keeper.owners()) }
        return peers
    }

    package func counts(of id: ObjectID) -> ReferenceTable.Counts { table.withLock { $0.counts(of: id) } }

    /// Whether no reference to any object is left, here or elsewhere, that this process knows of.
    package var holdsNothing: Bool { table.withLock { $0.isEmpty } }

    /// Keepers of this process hear of ends and of freed objects.
    package func add(_ keeper: any LocalKeeper) { localKeepers.withLock { $0.append(keeper) } }
    package func remove(_ keeper: any LocalKeeper) {
        localKeepers.withLock { $0.removeAll { $0 === keeper } }
    }

    // MARK: Objects of this process

    func newID() -> ObjectID {
        ObjectID(creator: process, serial: lastSerial.add(1, ordering: .relaxed).newValue)
    }

    /// The object is not its maker's any more, but this process's, which keeps the store that it is in.
    nonisolated(nonsending) func take(_ id: ObjectID) async throws {
        for keeper in localKeepers.withLock({ $0 }) where try await keeper.take(id) { return }
        throw lost(id, process)
    }

    /// Becomes the owner of an object that is in the store of `home`.
    func own(
        _ id: ObjectID,
        byteCount: Int,
        at home: ObjectPlace,
        contents: [any AnyObject & Sendable] = []
    ) -> ObjectHandle {
        owned.withLock { $0[id] = OwnedObject(contents: contents, byteCount: byteCount, home: home) }
        change { $0.created(id) }
        return ObjectHandle(id, owner: process, client: self)
    }

    /// How large an object of this process is; 0 for others.
    func byteCount(of id: ObjectID) -> Int { owned.withLock { $0[id]?.byteCount ?? 0 } }

    /// Takes a reference out of a frame or an object.
    func receive(_ reference: ObjectReference, container: ObjectID?) -> ObjectHandle {
        let source: ReferenceTable.Source? =
            reference.token > 0
            ? .frame(from: reference.sender, token: reference.token) : container.map { .object($0) }
        var isCounted = false
        if let source {
            isCounted = change {
                $0.received(reference.id, owner: reference.owner, by: source, now: Lane.now)
            }
        }
        return ObjectHandle(reference.id, owner: reference.owner, client: self, isCounted: isCounted)
    }

    /// The node that has most of the bytes of the objects that `passages` refer to, as far as this process knows.
    package func nearestNode(to passages: [any AnyObject & Sendable]) -> NodeID? {
        var byteCounts: [NodeID: Int] = [:]
        for passage in passages {
            guard let known = (passage as? ObjectPassage)?.known else { continue }
            byteCounts[known.node, default: 0] += known.byteCount
        }
        return byteCounts.max { $0.value < $1.value }?.key
    }

    func knownPlace(of id: ObjectID) -> (node: NodeID, byteCount: Int)? {
        if let object = owned.withLock({ $0[id] }) { return (object.home.node, object.byteCount) }
        // How large one of another process is, its owner knows: it counts as much as the smallest that is worth a way.
        return (try? store.contains(id)) == true ? (keeper.place.node, Self.inlineLimit) : nil
    }

    /// Where copies of an object of this process are, as far as those nodes live, and notes that `place` fetches one; `nil` when
    /// nobody refers to the object any more.
    func locate(_ id: ObjectID, for place: ObjectPlace) -> ObjectHost.Location? {
        guard change({ $0.copied(id, to: place.process) }) else { return nil }
        let location: ObjectHost.Location? = owned.withLock { owned in
            guard let object = owned[id] else { return nil }
            if place != object.home { owned[id]?.copies.insert(place) }
            let places = [object.home] + object.copies.filter { $0 != place }
            return ObjectHost.Location(byteCount: object.byteCount, places: places)
        }
        guard var location else { return nil }
        location.places.removeAll(where: hasEnded)
        return location
    }

    private func hasEnded(_ place: ObjectPlace) -> Bool {
        guard place.process == process else { return hasEnded(place.process) }
        return !localKeepers.withLock { $0.contains { $0.place == place } }
    }

    // MARK: Errors

    func checkReadable(_ id: ObjectID) throws(ClusterError) {
        switch table.withLock({ $0.status(of: id) }) {
        case .owned, .borrowed, .unknown: return
        case .ownerDied(let owner): throw Self.ownerDied(id, owner)
        case .lost(let owner): throw lost(id, owner)
        }
    }

    /// Of a reference that could not be counted.
    func gone(_ id: ObjectID, _ owner: ProcessID) -> ClusterError {
        hasEnded(owner) ? Self.ownerDied(id, owner) : lost(id, owner)
    }

    /// Whether a process is known to have ended.
    package func hasEnded(_ process: ProcessID) -> Bool { table.withLock { $0.hasEnded(process) } }

    package static func ownerDied(_ id: ObjectID, _ owner: ProcessID) -> ClusterError {
        ClusterError(
            .ownerDied,
            "\(id) is gone with its owner, \(owner)",
            hint: "put it with owner: .node to have it outlive the process that makes it"
        )
    }

    private func lost(_ id: ObjectID, _ owner: ProcessID) -> ClusterError {
        ClusterError(
            .objectLost,
            "\(owner) does not have \(id) any more: its last known reference was released"
        )
    }

    func notConnected() -> ClusterError {
        system?.notConnected() ?? ClusterError(.notConnected, "\(process) has shut down")
    }
}
