import Dispatch
import Glibc
import MantaCore
import Testing

@testable import MantaObjectStore

/// Waiting for the lock under which the system is asked for memory.
@Suite("The growth of an object store")
struct GrowthTests {
    private static let patience = Duration.milliseconds(200)
    private let store: ObjectStore
    private let isHeld = DispatchSemaphore(value: 0)

    init() throws {
        let options = ObjectStore.Options(capacity: 64 << 20)
        store = try ObjectStore.create(options, keeper: ProcessID(1), patience: Self.patience)
    }

    private func reserve() throws -> Reservation? {
        try store.reserve(ObjectID(creator: ProcessID(1), serial: 1), owner: anyOwner, byteCount: 48 << 20)
    }

    @Test("who waits while the store grows for others is not told that one of them is stopped")
    func crowd() throws {
        let other = try ObjectStore.open(store.address, as: ProcessID(2)).segment
        DispatchQueue.global().async { [isHeld] in
            _ = try? other.growing(patience: 0) {
                isHeld.signal()
                // Others do not get the lock in their patience, as in a crowd, and see that something is done with it.
                let reserved = other.header.reservedData
                let end = ContinuousClock.now + Self.patience * 2
                while ContinuousClock.now < end {
                    other.header.reservedData += 1
                    sched_yield()
                }
                other.header.reservedData = reserved
                return 0
            }
        }
        isHeld.wait()
        #expect(try reserve() != nil)
        #expect(store.tables.header.reservedData >= 48 << 20)
    }

    @Test("who waits while nothing grows is told who is in the way")
    func stuck() throws {
        let other = try ObjectStore.open(store.address, as: ProcessID(2)).segment
        let mayEnd = DispatchSemaphore(value: 0)
        DispatchQueue.global().async { [isHeld] in
            _ = try? other.growing(patience: 0) {
                isHeld.signal()
                mayEnd.wait()
                return 0
            }
        }
        isHeld.wait()
        let error = #expect(throws: ClusterError.self) { try reserve() }
        #expect(error?.code == .overloaded)
        #expect(error?.message.contains("\(getpid())") == true)
        mayEnd.signal()
        #expect(try reserve() != nil)
    }
}
