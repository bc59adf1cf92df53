import MantaCore
import Synchronization

/// The replies with references that have come and that their callers have not read yet: a caller may be busy for long.
final class UnreadReplies: Sendable {
    /// Those that came from one process since it was last caught up with. Each keeps it.
    final class Batch: Sendable {
        private let ends = Mutex<[AtEnd]>([])

        fileprivate func keep(_ end: AtEnd) { ends.withLock { $0.append(end) } }
    }

    private let batches = Mutex<[ProcessID: Batch]>([:])

    /// What a reply of `sender` has to keep until it is read.
    func batch(of sender: ProcessID) -> Batch {
        batches.withLock { batches in
            if let batch = batches[sender] { return batch }
            let batch = Batch()
            batches[sender] = batch
            return batch
        }
    }

    /// Keeps `end` until all have been read that have come from `sender`. Not again before that.
    func keep(_ end: AtEnd, untilReadFrom sender: ProcessID) {
        batches.withLock { $0.removeValue(forKey: sender) }?.keep(end)
    }

    /// Nothing is asked back by who has ended.
    func ended(_ sender: ProcessID) { batches.withLock { _ = $0.removeValue(forKey: sender) } }
}
