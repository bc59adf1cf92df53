import MantaCore
import MantaObjectStore
internal import MantaTransport
internal import MantaWire

extension ObjectClient {
    /// Holds an object in this node's store, which it is brought to if it is elsewhere.
    ///
    /// - Throws: ``ClusterError``: `objectLost`, `ownerDied`, `storeFull`, `outOfDisk`, `timedOut`.
    func pin(
        _ id: ObjectID,
        owner: ProcessID,
        by deadline: Moment,
        for need: FetchNeed = .reading
    ) async throws -> ObjectPin {
        while true {
            // In the place of many lookups, because nearly all succeed.
            if let pin = try store.pin(id) { return pin }
            try await fetch(id, owner: owner, by: deadline, for: need)
            try checkReadable(id)
        }
    }

    private func fetch(
        _ id: ObjectID,
        owner: ProcessID,
        by deadline: Moment,
        for need: FetchNeed
    ) async throws {
        guard let system else { throw notConnected() }
        let keeper = keeper
        do {
            try await withDeadline(deadline) {
                try await CallContext.$current.withValue(nil) {
                    try await withCallOptions(timeout: deadline.since(Lane.now)) {
                        try await withTaskExecutorPreference(system.control.tasks) {
                            try await keeper.fetch(id, owner: owner, for: need)
                        }
                    }
                }
            }
        } catch is DeadlinePassed {
            throw timedOut(id)
        }
    }

    private func timedOut(_ id: ObjectID) -> ClusterError {
        ClusterError(
            .timedOut,
            "\(id) was not brought to \(keeper.place.node) by the deadline",
            hint: "get(timeout:) or withCallOptions(timeout:) gives it more time"
        )
    }

    /// Builds the value that an object holds.
    ///
    /// - Parameters:
    ///   - type: What it is.
    ///   - pin: The object.
    ///   - isHeld: Whether this process has a reference to it, so that it holds what it refers to. Large arguments and results
    ///     are not: their references come as those in frames do.
    /// - Returns: The value.
    /// - Throws: ``ClusterError`` with code `undecodable`.
    func decode<Value: Decodable>(_ type: Value.Type, _ pin: ObjectPin, isHeld: Bool) throws -> Value {
        guard let system else { throw notConnected() }
        var userInfo = system.codingUserInfo
        if isHeld, pin.holdsReferences { userInfo[.objectContainer] = pin.id }
        var reader = ByteReader(pin.bytes)
        do {
            return try withExtendedLifetime(pin) { try CBOR.decode(type, from: &reader, userInfo: userInfo) }
        } catch {
            throw ClusterError(.undecodable, "\(pin.id) is no \(type) for \(process): \(error)")
        }
    }
}

extension ObjectHandle {
    /// Holds the object in this node's store.
    func pin(_ timeout: Duration? = nil) async throws -> ObjectPin {
        try checkReadable()
        let deadline = CallContext.deadline(from: Lane.now, timeout: timeout)
        return try await client.pin(id, owner: owner, by: deadline)
    }
}
