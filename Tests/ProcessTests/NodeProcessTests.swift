import Glibc
import MantaTestSupport
import Testing

@Suite("nodes in processes of their own", .timeLimit(.minutes(10)))
struct NodeProcessTests {
    @Test(
        "nodes and their workers do not outlive the driver, whatever ends it",
        arguments: [SIGKILL, SIGTERM]
    )
    func driverEnds(signal: Int32) async throws {
        try await Turn.taken {
            let driver = try await DriverProcess("nodes")
            defer { driver.removeFolder() }
            let processes = try await driver.workers()
            #expect(Set(processes).count == 4)
            driver.signal(signal)
            #expect(try await driver.end() == -signal)
            try await eventually { processes.allSatisfy { kill($0, 0) != 0 } }
        }
    }
}
