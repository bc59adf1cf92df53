import Foundation
import MantaTestSupport
import Synchronization
import Testing

/// The test driver, running as a process of its own with a temporary folder of its own.
final class DriverProcess: Sendable {
    let folder: URL
    private let process: Mutex<Process>
    private let output = Shared("")

    /// Starts the driver with `scenario` and waits for its `ready` line, unless it ends before.
    init(_ scenario: String, environment: [String: String] = [:]) async throws {
        folder = URL(fileURLWithPath: "/tmp/manta-test-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        let process = Process()
        process.executableURL = Bundle.main.bundleURL.appendingPathComponent("MantaTestDriver")
        process.arguments = [scenario]
        process.environment = ProcessInfo.processInfo.environment
            .merging(["TMPDIR": folder.path]) { $1 }.merging(environment) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        self.process = Mutex(process)
        pipe.fileHandleForReading.readabilityHandler = { [output] handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil }
            let text = String(decoding: data, as: UTF8.self)
            output.change { $0 += text }
        }
        try self.process.withLock { try $0.run() }
    }

    var text: String { output.value }
    var processID: Int32 { process.withLock { $0.processIdentifier } }
    private var isRunning: Bool { process.withLock { $0.isRunning } }

    /// The workers that it has named.
    func workers() async throws -> [Int32] {
        try await eventually {
            self.text.split(separator: "\n").contains { $0.hasPrefix("ready ") } && self.text.hasSuffix("\n")
        }
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("ready ") })
        return line.split(separator: " ").dropFirst().compactMap { Int32($0) }
    }

    func signal(_ number: Int32) { kill(processID, number) }

    /// Waits for its end: the exit code, or the negated signal that ended it.
    func end() async throws -> Int32 {
        try await eventually { !self.isRunning }
        return process.withLock {
            $0.terminationReason == .exit ? $0.terminationStatus : -$0.terminationStatus
        }
    }

    /// Whether neither a process of its session nor a file of it is left.
    func leavesNothing(workers: [Int32]) async throws -> Bool {
        try await eventually { workers.allSatisfy { kill($0, 0) != 0 } }
        let base = folder.appendingPathComponent("manta-\(geteuid())").path
        // Workers of a killed driver remove its folder; those that nobody has named may be the last to end.
        try await eventually {
            guard FileManager.default.fileExists(atPath: base) else { return true }
            return try FileManager.default.contentsOfDirectory(atPath: base).isEmpty
        }
        return true
    }

    func removeFolder() { try? FileManager.default.removeItem(at: folder) }
}
