internal import CMantaShims
internal import Glibc
internal import Synchronization

/// Counts the stores that this process makes to shared memory, and ends it after one of them.
enum Steps {
    private static let made = Atomic(0)
    private static let last = Atomic(0)
    private static let signal = Atomic<Int32>(0)

    /// - Parameters:
    ///   - count: After so many stores the signal is sent; never when it is 0.
    ///   - signal: What is sent to this process.
    static func start(count: Int, signal: Int32) {
        last.store(count, ordering: .relaxed)
        self.signal.store(signal, ordering: .relaxed)
        manta_set_store_hook {
            let count = Steps.made.add(1, ordering: .relaxed).newValue
            if count == Steps.last.load(ordering: .relaxed) {
                kill(getpid(), Steps.signal.load(ordering: .relaxed))
            }
        }
    }

    static var count: Int { made.load(ordering: .relaxed) }
}
