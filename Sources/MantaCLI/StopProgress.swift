internal import Synchronization

/// Tells what a node that stops waits for, when it takes longer than a moment.
final class StopProgress: Sendable {
    private static let pause = Duration.seconds(1)

    private let tell: @Sendable (String) -> Void
    private let task = Mutex<Task<Void, Never>?>(nil)

    init(tell: @escaping @Sendable (String) -> Void) { self.tell = tell }

    func begin() {
        tell("stopping")
        // Unstructured: it begins in a callback. `end()` ends it.
        let started = Task { [tell] in
            while (try? await Task.sleep(for: Self.pause)) != nil {
                let count = Children.count(of: "self")
                if count > 0 { tell("stopping: waiting for \(Children.text(count))") }
            }
        }
        task.withLock { $0 = started }
    }

    func end() {
        task.withLock { $0.take() }?.cancel()
        tell("stopped")
    }
}
