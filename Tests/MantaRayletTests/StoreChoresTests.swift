import Dispatch
import Logging
import MantaCore
import MantaTestSupport
import Testing

@testable import MantaRaylet

@Suite("chores of a node's store", .timeLimit(.minutes(5)))
struct StoreChoresTests {
    private let queue = DispatchQueue(label: "test")
    private let chores: StoreChores
    private let done = Shared<[String]>([])

    init() {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        chores = StoreChores(on: queue, pause: .milliseconds(1), logger: logger)
    }

    /// A chore that meets these errors in turn before it can be done.
    private func chore(_ name: String, after codes: [ClusterError.Code] = []) -> StoreChores.Chore {
        let left = Shared(codes)
        return { [done] in
            done.change { $0.append(name) }
            if let code = left.value.first {
                left.change { $0.removeFirst() }
                throw ClusterError(code, "it is in the way")
            }
        }
    }

    @Test(
        "what meets the lock of a process that is stopped is done again until it is done, before all others"
    )
    func again() async throws {
        chores.add(chore("a", after: [.overloaded, .overloaded]))
        chores.add(chore("b"))
        try await eventually { done.value.count == 4 }
        chores.add(chore("c"))
        try await eventually { done.value.count == 5 }
        #expect(done.value == ["a", "a", "a", "b", "c"])
    }

    @Test("what fails otherwise is not done again")
    func once() async throws {
        chores.add(chore("a", after: [.objectLost]))
        chores.add(chore("b"))
        try await eventually { done.value == ["a", "b"] }
    }

    @Test("nothing is done again for a store that has stopped")
    func stopped() async throws {
        chores.stop()
        chores.add(chore("a", after: [.overloaded]))
        chores.add(chore("b"))
        queue.sync {}
        chores.add(chore("c"))
        try await eventually { done.value.contains("c") }
        #expect(done.value.filter { $0 == "a" }.count == 1)
    }
}
