internal import CMantaShims
internal import Dispatch
internal import Glibc
internal import Logging
package import MantaCore
package import MantaObjectStore
internal import MantaObjectTransfer
package import MantaRuntime
internal import MantaTransport
import Synchronization

/// The objects of one node: the store that its processes map, and what goes into it and out of it.
///
/// Processes use the store by themselves. This is what they cannot do alone: bring objects from other nodes and from the
/// disk (`NodeStore+Arrivals.swift`), make room (`NodeStore+Room.swift`), and take back what processes held that have
/// ended. Nothing here runs on a lane for longer than a lock of the store is held.
package final class NodeStore: Sendable {
    /// What a node is told of its store.
    package struct Options: Sendable {
        package var node: NodeID
        /// Which of the process's nodes it is.
        package var index: Int
        package var capacity: Int
        package var spillDirectory: String?

        package init(node: NodeID, index: Int, capacity: Int, spillDirectory: String?) {
            self.node = node
            self.index = index
            self.capacity = capacity
            self.spillDirectory = spillDirectory
        }
    }

    package static let smallestCapacity = 1 << 20

    /// 30 % of the machine's memory, and no more than the folder for shared memory holds.
    package static let defaultCapacity: Int = {
        let share = Int(manta_physical_memory()) / 10 * 3
        var status = statvfs()
        guard statvfs("/dev/shm", &status) == 0 else { return share }
        return max(smallestCapacity, min(share, Int(status.f_blocks) * Int(status.f_frsize) / 10 * 9))
    }()

    package let store: ObjectStore
    package let place: ObjectPlace
    package let launch: StoreLaunch
    package var node: NodeID { place.node }
    let system: ClusterSystem
    let logger: Logger
    /// Sends objects to other nodes; `nil` at the end, which closes its socket.
    private let server: Mutex<BulkServer?>
    let pulls: PullDriver
    private let gone = GoneObjects()
    let spills: Spills
    /// Where files are written and read, and room is made: one after another.
    let disk = DispatchQueue(label: "manta-store")
    /// Where one object is looked up. Not on the control lane, which must not wait when a process that is stopped has the lock
    /// of the store; nor behind the files.
    let lookups = DispatchQueue(label: "manta-lookups")
    private let chores: StoreChores
    let isTidying = Atomic<Bool>(false)
    /// Until then no more room is made before somebody waits for it.
    let quietUntil = Atomic<UInt64>(0)
    private let index: Int
    private let socketPath: String
    private let stopped = Atomic<Bool>(false)
    var isStopped: Bool { stopped.load(ordering: .relaxed) }

    /// Makes the store of a node in this process; `begin()` opens it to others.
    package init(_ options: Options, in system: ClusterSystem) throws {
        self.system = system
        logger = system.logger
        index = options.index
        store = try ObjectStore.create(
            ObjectStore.Options(capacity: options.capacity),
            keeper: system.process
        )
        let path = "\(system.options.socketPath(of: system.process))-objects-\(options.index)"
        socketPath = path
        // From other machines objects are fetched through the node's port.
        let bulk = system.options.network.map { Endpoint.node($0.address) } ?? .unix(path: path)
        place = ObjectPlace(node: options.node, process: system.process, bulk: bulk)
        chores = StoreChores(on: disk, logger: logger)
        launch = StoreLaunch(address: store.address, place: place, index: options.index)
        spills = Spills(directory: options.spillDirectory, node: options.node)
        var transfer = BulkOptions()
        transfer.network = system.options.network
        pulls = PullDriver(
            into: store,
            quota: options.capacity / 4,
            transfer,
            control: system.control,
            isGone: { [gone, weak system] id, owner in
                gone.contains(id) || system?.hasEnded(owner) ?? false
            }
        )
        let (store, spills) = (store, spills)
        let server = try BulkServer(at: .unix(path: path), options: transfer, logger: system.logger) { id in
            if let pin = try store.pin(id) { return PinnedSource(pin) }
            let spilled = Result { try spills.open(id) }
            if case .success(let source?) = spilled { return source }
            // It may have been restored in between.
            if let pin = try store.pin(id) { return PinnedSource(pin) }
            return try spilled.get()
        }
        self.server = Mutex(server)
    }

    /// Takes part in objects: with this store for the process, if it is its first.
    package func begin() throws {
        let keeper = StoreKeeper.make(for: self, index: index, in: system)
        let objects =
            system.objects
            ?? system.startObjects(in: store, keeper: KeeperHandle(keeper, place: place))
        objects.add(self)
        server.withLock { $0 }?.start()
        later { $0.spills.sweep() }
        sweepLater()
    }

    /// Serves somebody of another machine who has connected to the node's port, and whose socket this takes over.
    package func serve(_ socket: Int32) {
        guard let server = server.withLock({ $0 }) else {
            _ = manta_close(socket)
            return
        }
        server.adopt(socket)
    }

    /// Ends transfers and removes files; the memory goes when no process maps it any more.
    package func stop() async {
        stopped.store(true, ordering: .relaxed)
        system.objects?.remove(self)
        await pulls.stop()
        await server.withLock { $0.take() }?.stop()
        chores.stop()
        // After what is being written, which would stay.
        try? await onDisk { self.removeFiles() }
    }

    /// The process is about to exit.
    package func abandon() { removeFiles() }

    /// Cuts the node off from others at once, for tests: what is under way ends without notice.
    package func cutOff() {
        stopped.store(true, ordering: .relaxed)
        chores.stop()
        let (server, pulls) = (server.withLock { $0.take() }, pulls)
        // As the end of a process would, which nobody waits for either. It ends when the threads have.
        _ = Task.detached {
            await server?.stop()
            await pulls.stop()
        }
    }

    private func removeFiles() {
        unlink(socketPath)
        spills.removeAll()
    }

    // MARK: Processes that have ended

    private static let sweepPause = Duration.seconds(2)

    /// A process may end later than its links do, and then nobody says that it has.
    private func sweepLater() {
        let control = system.control
        let timer = LaneTimer { [weak self] in self?.sweep() }
        control.execute { control.wake(timer, at: Lane.now + Self.sweepPause) }
    }

    private func sweep() {
        guard !isStopped else { return }
        takeBack()
        sweepLater()
    }

    /// Takes back what processes held that are gone, and frees what they owned: an end that others have heard of may have
    /// been followed by another object.
    package func takeBack() {
        disk.async { [self] in
            do {
                for process in try store.takeBackFromTheDead() { freeAll(ownedBy: process) }
            } catch {
                // The next sweep finds them.
                logger.warning("the object store does not answer", metadata: ["error": "\(error)"])
            }
        }
    }

    private func freeAll(ownedBy process: ProcessID) {
        later { node in
            try node.store.freeAll(ownedBy: process)
            node.spills.removeAll(ownedBy: process)
        }
    }

    /// Does `body` in a moment. Not here, because a process that is stopped may have the lock of the store for a while, and
    /// the control lane must not wait for it.
    private func later(_ body: @escaping @Sendable (NodeStore) throws -> Void) {
        chores.add { [self] in try body(self) }
    }

    // MARK: Listings

    package func figures() async throws -> StoreFigures {
        let used = try await onDisk { try self.store.figures().usedByteCount }
        return StoreFigures(capacity: store.address.capacity, used: used)
    }

    package func objects() async throws -> [ObjectInfo] {
        let now = Lane.now
        let inMemory = try await onDisk { try self.store.entries() }.map { entry in
            ObjectInfo(
                id: entry.id,
                node: node,
                owner: entry.owner,
                copy: entry.role == .primary ? .primary : .secondary,
                byteCount: entry.byteCount,
                storedByteCount: entry.allocatedByteCount,
                pins: entry.pinCount,
                age: now.since(entry.created)
            )
        }
        let onDisk = spills.all.map { id, object in
            ObjectInfo(
                id: id,
                node: node,
                owner: object.owner,
                copy: .spilled,
                byteCount: object.byteCount,
                storedByteCount: 0,
                pins: 0,
                age: now.since(object.since)
            )
        }
        return inMemory + onDisk
    }
}

extension NodeStore: LocalKeeper {
    package func take(_ id: ObjectID) async throws -> Bool {
        try await run(on: lookups) { try self.store.give(id, to: self.system.process) }
    }

    package func forget(_ id: ObjectID) {
        // First this: what comes after it is freed below finds it noted.
        gone.insert(id)
        later { node in
            try node.store.free(id)
            _ = node.spills.remove(id)
        }
    }

    package func ended(_ processes: [ProcessID]) {
        for process in processes { freeAll(ownedBy: process) }
        takeBack()
    }

    package func owners() async -> Set<ProcessID> {
        let inMemory = (try? await onDisk { try self.store.entries().map(\.owner) }) ?? []
        return Set(inMemory).union(spills.all.map(\.value.owner))
    }
}
