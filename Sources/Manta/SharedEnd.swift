import Synchronization

/// The end of something that many may ask for: it comes once, and all wait for it.
final class SharedEnd: Sendable {
    private let task = Mutex<Task<Void, Never>?>(nil)
    private let done = Atomic<Bool>(false)

    var isDone: Bool { done.load(ordering: .acquiring) }

    /// Ends it by `finish`, if nobody has yet; returns when it has ended.
    func reach(_ finish: @escaping @Sendable () async -> Void) async {
        let task = task.withLock { task in
            // Unstructured, because it is one for all, and not cut short by the cancellation of who asked first.
            let started =
                task
                ?? Task.detached { [self] in
                    await finish()
                    done.store(true, ordering: .releasing)
                }
            task = started
            return started
        }
        await task.value
    }
}
