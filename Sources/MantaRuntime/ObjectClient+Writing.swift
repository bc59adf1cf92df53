package import MantaCore
import MantaObjectStore
internal import MantaTransport
internal import MantaWire
import Synchronization

extension ObjectClient {
    /// Where the payload of a typed array begins, so that it can be read in place.
    private static let alignment = 64

    /// Writes a value into the store as an object of this process, or of its node.
    ///
    /// - Throws: What the value's `encode(to:)` throws; ``ClusterError``: `storeFull`, `outOfDisk`, `timedOut`, `notConnected` when
    ///   the node of this machine has been lost.
    package nonisolated(nonsending) func put<Value: Codable & Sendable>(
        _ value: Value,
        owner: ObjectOwner
    ) async throws -> ObjectRef<Value> {
        guard let system else { throw notConnected() }
        let id = newID()
        let deadline = CallContext.deadline(from: Lane.now)
        let (byteCount, contents) = try await write(value, as: id, system, by: deadline)
        switch owner {
        case .process: return ObjectRef(own(id, byteCount: byteCount, at: keeper.place, contents: contents))
        case .node:
            do {
                // In memory until the node has it: only there it gets another owner.
                let pin = try await pin(id, owner: process, by: deadline)
                defer { withExtendedLifetime(pin) {} }
                let host = try ObjectHost.at(keeper.place.process, using: system)
                let held = contents.compactMap { ($0 as? ObjectHandle).map { UntypedRef($0) } }
                return try await withTaskExecutorPreference(system.control.tasks) {
                    try await host.adopt(id, byteCount: byteCount, at: self.keeper.place, contents: held)
                }.typed(as: Value.self)
            } catch {
                // It may be on the disk.
                free(id)
                throw error
            }
        }
    }

    /// Returns how large the encoding is, and what the object has to hold as long as it lives.
    private nonisolated(nonsending) func write<Value: Encodable>(
        _ value: Value,
        as id: ObjectID,
        _ system: ClusterSystem,
        by deadline: Moment
    ) async throws -> (byteCount: Int, contents: [any AnyObject & Sendable]) {
        if CBOR.isBulk(Value.self) {
            while true {
                var byteCount = 0
                let isWritten = try CBOR.withBulk(value) { head, payload in
                    byteCount = head.byteCount + payload.count
                    return try place(head, payload, as: id, owner: process)
                }
                if isWritten == true { return (byteCount, []) }
                try await waitForRoom(byteCount, by: deadline)
            }
        }
        let writer = ByteWriter(capacity: 1024)
        var userInfo = system.codingUserInfo
        userInfo[.objectContainer] = true
        try CBOR.encode(value, into: writer, userInfo: userInfo)
        while try !place(writer, as: id, owner: process) {
            try await waitForRoom(writer.count, by: deadline)
        }
        return (writer.count, writer.attachments)
    }

    /// Writes a byte string or a typed array with one copy; `false` when there is no room now.
    func place(
        _ head: CBOR.BulkHead,
        _ payload: UnsafeRawBufferPointer,
        as id: ObjectID,
        owner: ProcessID
    ) throws(ClusterError) -> Bool {
        try checkStore()
        guard
            let room = try store.reserve(
                id,
                owner: owner,
                byteCount: head.byteCount + payload.count,
                lead: Self.alignment - head.byteCount
            )
        else { return false }
        head.withBytes { room.bytes.copyMemory(from: $0) }
        UnsafeMutableRawBufferPointer(rebasing: room.bytes[head.byteCount...]).copyMemory(from: payload)
        return try seal(room)
    }

    /// Writes what `writer` holds from `offset` on; `false` when there is no room now.
    func place(
        _ writer: ByteWriter,
        from offset: Int = 0,
        as id: ObjectID,
        owner: ProcessID
    ) throws(ClusterError) -> Bool {
        try checkStore()
        let bytes = UnsafeRawBufferPointer(rebasing: writer.bytes[offset...])
        guard
            let room = try store.reserve(
                id,
                owner: owner,
                byteCount: bytes.count,
                holdsReferences: !writer.attachments.isEmpty
            )
        else { return false }
        room.bytes.copyMemory(from: bytes)
        return try seal(room)
    }

    private func seal(_ room: Reservation) throws(ClusterError) -> Bool {
        try room.seal()
        if store.needsKeeper { nudgeKeeper() }
        return true
    }

    /// At most once in a while: it takes the keeper some time to do something about it.
    private func nudgeKeeper() {
        let now = Lane.now.nanoseconds
        let last = lastNudge.load(ordering: .relaxed)
        guard now > last + Self.nudgePause else { return }
        let isMine = lastNudge.compareExchange(expected: last, desired: now, ordering: .relaxed).exchanged
        if isMine { keeper.nudge(0) }
    }

    /// In nanoseconds.
    private static let nudgePause: UInt64 = 20_000_000

    private nonisolated(nonsending) func waitForRoom(_ byteCount: Int, by deadline: Moment) async throws {
        guard let system else { throw notConnected() }
        let keeper = keeper
        do {
            try await withDeadline(deadline) {
                try await withTaskExecutorPreference(system.control.tasks) {
                    try await keeper.makeRoom(byteCount)
                }
            }
        } catch let error as ClusterError where error.code != .timedOut {
            throw error
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw ClusterError(
                .storeFull,
                "no room for \(byteCount) bytes in the object store of \(keeper.place.node) within the deadline",
                hint: "drop references, give the store more capacity, or let it spill to disk"
            )
        }
    }
}
