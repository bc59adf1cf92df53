import Foundation
import MantaTestSupport
import Synchronization

/// A program that runs on a host of a test network.
final class HostProgram: Sendable {
    private let process: Mutex<Process>
    private let output = Shared("")

    init(host: TestHost, _ path: String, _ arguments: [String], environment: [String: String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: TestNetwork.ip)
        // It replaces itself by the program: signals reach that.
        process.arguments = ["netns", "exec", host.name, path] + arguments
        process.environment = ProcessInfo.processInfo.environment
            .merging(["TMPDIR": host.folder.path, "HOME": host.folder.path, "SWIFT_BACKTRACE": "enable=no"]) {
                $1
            }
            .merging(environment) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
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
    var isRunning: Bool { process.withLock { $0.isRunning } }

    func signal(_ number: Int32) { if isRunning { kill(processID, number) } }

    /// Waits until it has written `line`.
    ///
    /// - Throws: ``HostFailure`` with all that it has written when it ends before, or takes too long.
    func says(_ line: String, within: Duration = .seconds(60)) async throws {
        do {
            try await eventually(within: within) { self.text.contains(line) || !self.isRunning }
            // What it wrote last may come after its end.
            try await eventually(within: .seconds(2)) { self.text.contains(line) }
        } catch {
            throw HostFailure(description: "waited for \"\(line)\" of a program that wrote:\n\(text)")
        }
    }

    /// Waits for its end: the exit code, or the negated signal that ended it.
    func end(within: Duration = .seconds(60)) async throws -> Int32 {
        try await eventually(within: within) { !self.isRunning }
        return process.withLock {
            $0.terminationReason == .exit ? $0.terminationStatus : -$0.terminationStatus
        }
    }

    /// Waits for its end, which has to be a good one.
    func succeeds(within: Duration = .seconds(60)) async throws {
        let code: Int32
        do { code = try await end(within: within) } catch {
            throw HostFailure(description: "\(error) for a program that wrote:\n\(text)")
        }
        guard code == 0 else {
            throw HostFailure(description: "ended with \(code) a program that wrote:\n\(text)")
        }
    }
}
