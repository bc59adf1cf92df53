internal import Dispatch
internal import Glibc
internal import MantaCore
internal import MantaObjectStore
internal import MantaObjectTransfer
internal import MantaRuntime
internal import MantaTransport

// Objects that are not in the store when somebody wants to read them: from the disk, or from another node.

extension NodeStore {
    /// How long memory for an object on its way is waited for.
    private static let roomPatience = Duration.seconds(30)

    /// How long nodes are asked again and again that have an object, as its owner says, and cannot be reached.
    private static let sourcePatience = Duration.seconds(30)
    /// How long after an owner, or a node, could not be reached it is asked again. Nodes: at first.
    private static let pauseBetweenTries = Duration.milliseconds(50)
    private static let longestPauseBetweenTries = Duration.seconds(1)

    /// Brings an object into the store. It may be gone again when this returns, if room was needed: who reads tries again.
    ///
    /// - Throws: ``ClusterError``: `objectLost`, `ownerDied`, `storeFull`, `outOfDisk`, `notConnected`. `CancellationError`.
    func fetch(_ id: ObjectID, owner: ProcessID, for need: FetchNeed) async throws {
        var end: Moment?
        var pause = Self.pauseBetweenTries
        while let error = try await bring(id, owner: owner, for: need) {
            // From the first failure on: how long the object was on its way before says nothing.
            let limit = end ?? Lane.now + Self.sourcePatience
            guard Lane.now < limit, !isStopped else { throw error }
            end = limit
            // A source that has ended is none the next time, as soon as the owner has heard.
            try await Task.sleep(for: pause)
            pause = min(pause * 2, Self.longestPauseBetweenTries)
        }
    }

    /// - Returns: Why its sources could not be reached, if that was it.
    private func bring(_ id: ObjectID, owner: ProcessID, for need: FetchNeed) async throws -> ClusterError? {
        if try await isHere(id) { return nil }
        guard let found = try await locate(id, owner) else {
            // It may have been let go by its owner, or been restored just now.
            if try await isInMemory(id) { return nil }
            throw ClusterError(.objectLost, "\(owner) does not have \(id) any more")
        }
        // It may have been restored, or spilled, while its owner was asked.
        if try await isHere(id) { return nil }
        let sources = found.places.filter { $0 != place }
        let priority: PullDriver.Priority = need == .reading ? .get : .prefetch
        do {
            try await pulls.pull(
                id,
                of: owner,
                byteCount: found.byteCount,
                from: sources,
                priority: priority
            ) { head, isWanted throws(ClusterError) in
                try self.reserve(for: head, while: isWanted)
            }
        } catch let error as ClusterError where error.code == .notConnected {
            return error
        }
        return nil
    }

    /// Whether it is in the store, or on the disk, from where it is brought back.
    private func isHere(_ id: ObjectID) async throws -> Bool {
        if try await isInMemory(id) { return true }
        guard spills.contains(id) else { return false }
        try await restore(id)
        return true
    }

    private func isInMemory(_ id: ObjectID) async throws -> Bool {
        try await run(on: lookups) { try self.store.contains(id) }
    }

    /// Asks the owner, again and again while it cannot be reached and is not known to have ended.
    private func locate(_ id: ObjectID, _ owner: ProcessID) async throws -> ObjectHost.Location? {
        while true {
            do {
                return try await ObjectHost.at(owner, using: system).locate(id, for: place)
            } catch let error as ClusterError {
                switch error.code {
                case .notConnected:
                    guard let objects = system.objects else { throw system.notConnected() }
                    if await objects.learnsOfEnd(of: owner) { throw ObjectClient.ownerDied(id, owner) }
                    try await Task.sleep(for: Self.pauseBetweenTries)
                case .actorDied, .workerDied, .nodeDied, .noSuchActor: throw ObjectClient.ownerDied(id, owner)
                default: throw error
                }
            }
        }
    }

    // MARK: From the disk

    private func restore(_ id: ObjectID) async throws {
        while try await !onDisk({ try self.restoreNow(id) }) { try await makeRoom(spills.byteCount(of: id)) }
    }

    /// - Returns: `false` when there is no room now.
    private func restoreNow(_ id: ObjectID) throws -> Bool {
        guard spills.contains(id), try !store.contains(id) else { return true }
        guard let source = try spills.open(id) else { return true }
        guard
            let room = try store.reserve(
                id,
                owner: source.owner,
                byteCount: source.byteCount,
                lead: source.lead,
                holdsReferences: source.holdsReferences
            )
        else { return false }
        try source.read(into: room.bytes)
        try room.seal()
        // Its owner may have let it go while it was read.
        if !spills.remove(id) { try store.free(id) }
        return true
    }

    // MARK: From another node

    /// Memory for an object that comes, on a thread that may wait for it; `nil` when the object is here, or nobody
    /// wants it any more.
    func reserve(for head: ObjectHead, while isWanted: () -> Bool) throws(ClusterError) -> Reservation? {
        let deadline = Lane.now + Self.roomPatience
        while true {
            if try store.contains(head.id) { return nil }
            do throws(ClusterError) {
                let room = try store.reserve(
                    head.id,
                    owner: head.owner,
                    byteCount: head.byteCount,
                    lead: head.lead,
                    role: .copy,
                    holdsReferences: head.holdsReferences
                )
                if let room { return room }
            } catch  where error.code == .invalidArgument {
                // An earlier transfer of it is just letting go of its place.
            }
            guard isWanted(), !isStopped else { return nil }
            guard Lane.now < deadline else {
                throw ClusterError(
                    .storeFull,
                    "no room for the \(head.byteCount) bytes of \(head.id) on \(node)"
                )
            }
            if try freeOnDisk(head.byteCount) == 0 { usleep(UInt32(Self.pause / .microseconds(1))) }
        }
    }

    private func freeOnDisk(_ byteCount: Int) throws(ClusterError) -> Int {
        let result = disk.sync { Result { try free(byteCount) } }
        do {
            return try result.get()
        } catch let error as ClusterError {
            throw error
        } catch {
            throw ClusterError(.outOfDisk, "no room was made on \(node): \(error)")
        }
    }
}
