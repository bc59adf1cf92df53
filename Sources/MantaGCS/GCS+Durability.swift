internal import Distributed
internal import Logging
import MantaCore
internal import MantaRuntime
internal import MantaTransport

// Deciding, and carrying out what was decided once it is durable.

extension GCS {
    /// Lets the control plane decide, then does what it says: at once, or with a storage when that is durable.
    @discardableResult
    func step<R>(_ decide: (inout ControlPlane) throws -> R) rethrows -> R {
        defer { carryOut() }
        return try decide(&plane)
    }

    private func carryOut() {
        let actions = plane.takeActions()
        if durable == nil || isStopped || (!plane.hasChanges && line.isEmpty) {
            perform(actions)
        } else if storageError == nil, line.decided(actions) {
            // Not at once: what else is waiting on the lane joins the batch.
            callbacks.perform { $0.beginWriting() }
        }
        setAlarm()
    }

    /// Returns when all that has been decided so far is durable; at once where nothing is stored. Whoever is told of a
    /// decision waits for this first, also who only asks.
    ///
    /// - Throws: ``ClusterError`` when the storage has failed.
    func committed() async throws {
        guard durable != nil else { return }
        try checkServing()
        guard !line.isEmpty else { return }
        await withCheckedContinuation { waiter in
            if !line.wait(waiter) { waiter.resume() }
        }
        if let storageError { throw storageError }
    }

    /// Lets the control plane decide, and returns when that is durable, also if it refuses.
    @discardableResult
    func stepDurably<R>(_ decide: (inout ControlPlane) throws -> R) async throws -> R {
        let decision = try await accept(decide)
        try await committed()
        return decision
    }

    /// Lets the control plane decide, and returns at once if it has something to wait for. That it refuses is told when what
    /// that is founded on is durable.
    func accept<R>(_ decide: (inout ControlPlane) throws -> R) async throws -> R {
        try checkServing()
        do { return try step(decide) } catch {
            try await committed()
            throw error
        }
    }

    /// What is decided after the end of a GCS that stores is neither stored nor carried out: nobody may be told of it.
    private func checkServing() throws {
        if durable != nil, let endError { throw endError }
    }

    // MARK: Writing

    private func beginWriting() {
        guard writer == nil, storageError == nil, let durable else { return }
        // Its handle is kept: the end of the GCS waits for it.
        writer = Task(executorPreference: actorSystem.control.tasks) {
            await self.writeAll(to: durable.storage)
        }
    }

    private func writeAll(to storage: any DirectoryStorage) async {
        while storageError == nil, line.begin() {
            let changes = plane.takeChanges(at: Self.clock)
            // Detached, because encoding and the disk take longer than a lane may.
            let write = { @Sendable in
                await Task.detached { try await storage.commit(try changes.entries()) }.result
            }
            var result = await write()
            if Self.isFull(result) { result = await waitForRoom(write) }
            switch result {
            case .success: written()
            case .failure(let error): lost(error)
            }
        }
        writer = nil
    }

    private static let roomPause = Duration.seconds(1)

    private static func isFull(_ result: Result<Void, any Error>) -> Bool {
        guard case .failure(let error as ClusterError) = result else { return false }
        return error.code == .outOfDisk
    }

    /// Tries again until there is room on the disk: nobody has been told of what was to be stored, and whoever waits for it has
    /// its own deadline. So a full disk ends nothing that runs.
    private func waitForRoom(
        _ write: @Sendable () async -> Result<Void, any Error>
    ) async -> Result<Void, any Error> {
        actorSystem.logger.error("the disk of the directory is full: nothing is decided until there is room")
        var result: Result<Void, any Error>
        repeat {
            try? await Task.sleep(for: Self.roomPause)
            result = await write()
        } while Self.isFull(result) && !isStopped
        if case .success = result { actorSystem.logger.notice("there is room for the directory again") }
        return result
    }

    private func written() {
        let batch = line.written()
        perform(batch.actions)
        for waiter in batch.waiters { waiter.resume() }
    }

    /// Nothing can be stored any more, or another head may serve now.
    func lost(_ error: any Error) {
        guard storageError == nil else { return }
        let error =
            error as? ClusterError ?? ClusterError(.notConnected, "the directory cannot be stored: \(error)")
        storageError = ClusterError(
            .notConnected,
            "the head serves no longer: \(error.message)",
            hint: error.hint,
            outcome: .mayHaveExecuted
        )
        actorSystem.logger.critical("the directory is lost", metadata: ["error": "\(error)"])
        for waiter in line.fail() { waiter.resume() }
        failAll()
        if !isStopped { durable?.onStorageLost(error) }
    }

    /// Waits for what is being written, and gives the storage up.
    func closeStorage() async {
        beginWriting()
        await writer?.value
        await durable?.storage.close()
    }

    static var clock: ClockReading {
        ClockReading(moment: Lane.now, calendar: Lane.wallClock)
    }
}
