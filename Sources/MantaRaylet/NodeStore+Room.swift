internal import Dispatch
internal import Logging
internal import MantaCore
internal import MantaObjectStore
internal import MantaObjectTransfer
internal import MantaTransport
import Synchronization

// Room in a store that is full: copies of what other nodes have go first, then objects go to the disk.

extension NodeStore {
    /// Past this share of the capacity, room is made before anybody waits for it, down to the second one.
    private static let highWater = 0.8
    private static let lowWater = 0.7
    /// How much reserved memory is kept at hand: as much as is in use, from the first to the second, in bytes.
    private static let headroom = (32 << 20, 256 << 20)
    private static let quietTime = Duration.seconds(1)
    /// Until somebody may have let go of what he reads.
    static let pause = Duration.milliseconds(5)

    /// Frees memory so that `byteCount` bytes may fit, or waits a moment when nothing can be freed now.
    ///
    /// - Throws: ``ClusterError`` with code `outOfDisk` when nothing was freed because the disk takes no more.
    package func makeRoom(_ byteCount: Int) async throws {
        if try await onDisk({ try self.free(byteCount) }) == 0 { try await Task.sleep(for: Self.pause) }
    }

    /// Runs `body` on the thread for the disk.
    func onDisk<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await run(on: disk, body)
    }

    func run<R: Sendable>(
        on queue: DispatchQueue,
        _ body: @escaping @Sendable () throws -> R
    ) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try body() }) }
        }
    }

    /// Makes room in the background, for so many bytes or if the store is nearly full, and has memory ready for what
    /// comes. After a try that came to nothing it waits a while: what is read now, or cannot be spilled, stays.
    package func tidyUp(_ byteCount: Int) {
        guard !isTidying.exchange(true, ordering: .acquiringAndReleasing) else { return }
        disk.async { [self] in
            defer { isTidying.store(false, ordering: .releasing) }
            do {
                let figures = try store.figures()
                let capacity = Double(figures.capacity)
                var wanted = byteCount
                if Double(figures.usedByteCount) > capacity * Self.highWater {
                    wanted = max(wanted, figures.usedByteCount - Int(capacity * Self.lowWater))
                }
                if wanted > 0, Lane.now.nanoseconds > quietUntil.load(ordering: .relaxed),
                    try free(wanted) == 0
                {
                    beQuiet()
                }
                let headroom = min(max(figures.usedByteCount, Self.headroom.0), Self.headroom.1)
                _ = store.prepare(byteCount: headroom)
            } catch {
                beQuiet()
                logger.warning("cannot make room for objects", metadata: ["error": "\(error)"])
            }
        }
    }

    private func beQuiet() {
        quietUntil.store((Lane.now + Self.quietTime).nanoseconds, ordering: .relaxed)
    }

    /// Frees what is not read and was used least recently. Only on the queue for the disk.
    ///
    /// - Returns: How many bytes were freed.
    @discardableResult
    func free(_ byteCount: Int) throws -> Int {
        var freed = 0
        for victim in try store.victims(byteCount: byteCount) {
            if isStopped { break }
            switch victim.role {
            case .copy: if try store.evict(victim.id) { freed += victim.allocatedByteCount }
            case .primary:
                guard spills.isPossible else { continue }
                do {
                    if try spill(victim.id) { freed += victim.allocatedByteCount }
                } catch  where freed > 0 {
                    // Enough was freed for somebody; the next one learns what is wrong with the disk.
                    return freed
                }
            }
        }
        return freed
    }

    /// Writes an object to the disk and frees its memory, if nobody reads it meanwhile.
    private func spill(_ id: ObjectID) throws -> Bool {
        guard let pin = try store.pin(id), pin.role == .primary else { return false }
        // From here on a reader who finds it gone from memory finds it there.
        try spills.write(pin)
        var isGone = false
        defer { if !isGone { _ = spills.remove(id) } }
        isGone = try store.surrender(pin)
        return isGone
    }
}
