import Foundation
import MantaTestSupport
import Testing

@Suite("the end of a program", .timeLimit(.minutes(10)))
struct ProgramEndTests {
    @Test("a body that returns leaves no process and no file")
    func returns() async throws {
        try await check("return", endsWith: 0)
    }

    @Test("a body that throws shuts down and is rethrown")
    func throwing() async throws {
        let text = try await check("throw", endsWith: nil)
        #expect(text.contains("BodyFailed"))
    }

    @Test("exit shuts down", arguments: [("exit", Int32(3)), ("exit-connected", 4)])
    func exits(scenario: String, code: Int32) async throws {
        try await check(scenario, endsWith: code)
    }

    @Test("a signal shuts down, and then has its effect", arguments: [SIGINT, SIGTERM])
    func signals(number: Int32) async throws {
        try await check("wait", endsWith: -number) { $0.signal(number) }
    }

    @Test("a hundred tasks that connect at once share one system, and shutdown is idempotent")
    func connect() async throws {
        let text = try await check("connect", endsWith: 0)
        #expect(text.contains("systems 1 true"))
        #expect(text.contains("again true 2"))
    }

    @Test("workers do not outlive a driver that is killed, and the next driver removes what it left")
    func killed() async throws {
        try await Turn.taken {
            let driver = try await DriverProcess("wait")
            defer { driver.removeFolder() }
            let workers = try await driver.workers()
            #expect(workers.count == 2)
            driver.signal(SIGKILL)
            #expect(try await driver.end() == -SIGKILL)
            try await eventually { workers.allSatisfy { kill($0, 0) != 0 } }
            let next = try await DriverProcess("return", environment: ["TMPDIR": driver.folder.path])
            defer { next.removeFolder() }
            #expect(try await next.end() == 0)
            #expect(try await driver.leavesNothing(workers: workers))
        }
    }

    @Test(
        "a signal while the cluster starts leaves nothing either",
        arguments: ["manta-", "lock", "process-"]
    )
    func signalWhileStarting(stage: String) async throws {
        try await Turn.taken {
            let driver = try await DriverProcess("wait")
            defer { driver.removeFolder() }
            // As soon as the start has come so far that it has made this file.
            try await eventually {
                FileManager.default.enumerator(atPath: driver.folder.path)?.contains { path in
                    (path as? String)?.split(separator: "/").last?.hasPrefix(stage) ?? false
                } ?? false
            }
            driver.signal(SIGTERM)
            #expect(try await driver.end() == -SIGTERM)
            #expect(try await driver.leavesNothing(workers: []))
        }
    }

    @Test("what an actor prints reaches the driver's log with its worker and its name")
    func output() async throws {
        let text = try await check("say", endsWith: 0)
        let line = try #require(text.split(separator: "\n").first { $0.contains("words of an actor") })
        #expect(line.contains("worker="))
        #expect(line.contains("Pinger \"pinger\""))
        #expect(text.contains("more words"))
    }

    @Test("a method that holds its shared lane is named, a short one is not")
    func watchdog() async throws {
        let text = try await check("hold", endsWith: 0)
        let warnings = text.split(separator: "\n").filter { $0.contains("shared lane") }
        #expect(warnings.contains { $0.contains("Pinger.hold(milliseconds:) of Pinger \"pinger\"") })
        #expect(!warnings.contains { $0.contains("Pinger.processID()") })
    }

    @Test(
        "a temporary folder that cannot be used is named, with a remedy",
        arguments: [
            "/proc/nowhere", "/tmp/manta-test-\(String(repeating: "long", count: 30))",
        ]
    )
    func badFolder(path: String) async throws {
        try await Turn.taken {
            try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            defer { try? FileManager.default.removeItem(atPath: path) }
            let driver = try await DriverProcess("return", environment: ["TMPDIR": path])
            defer { driver.removeFolder() }
            #expect(try await driver.end() != 0)
            try await eventually { driver.text.contains("TMPDIR") }
            #expect(driver.text.contains(path))
        }
    }

    @Test(
        "a variable that makes no sense is named",
        arguments: ["MANTA_NODES=abc", "MANTA_LANES=0", "MANTA_DISPATCH=x"]
    )
    func badVariable(setting: String) async throws {
        try await Turn.taken {
            let parts = setting.split(separator: "=").map(String.init)
            let driver = try await DriverProcess("return", environment: [parts[0]: parts[1]])
            defer { driver.removeFolder() }
            #expect(try await driver.end() != 0)
            try await eventually { driver.text.contains(setting) }
        }
    }

    @discardableResult
    private func check(
        _ scenario: String,
        endsWith status: Int32?,
        _ act: (DriverProcess) -> Void = { _ in }
    ) async throws -> String {
        try await Turn.taken {
            let driver = try await DriverProcess(scenario)
            defer { driver.removeFolder() }
            let workers = try await driver.workers()
            #expect(workers.count == 2)
            act(driver)
            let end = try await driver.end()
            if let status { #expect(end == status) } else { #expect(end != 0) }
            #expect(try await driver.leavesNothing(workers: workers))
            return driver.text
        }
    }
}
