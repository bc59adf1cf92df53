import Foundation
import Glibc
import MantaTestSupport
import Synchronization

/// A command of the tool that runs.
final class ToolProcess: Sendable {
    private let process: Mutex<Process>
    /// `nil` when the output goes elsewhere.
    private let outputPath: String?
    private let errorPath: String

    /// Starts it; what it writes goes to files in `folder`, so that nobody has to read it for it to go on.
    init(_ arguments: [String], environment: [String: String], folder: String, output: String? = nil) throws {
        let name = UUID().uuidString
        let path = output ?? "\(folder)/\(name).out"
        outputPath = output == nil ? path : nil
        errorPath = "\(folder)/\(name).err"
        let process = Process()
        process.executableURL = Self.executable
        process.arguments = arguments
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput =
            try output.flatMap(FileHandle.init(forWritingAtPath:)) ?? Self.file(path)
        process.standardError = try Self.file(errorPath)
        self.process = Mutex(process)
        try self.process.withLock { try $0.run() }
    }

    /// Beside the test bundle.
    static var executable: URL { Bundle.main.bundleURL.appendingPathComponent("manta") }

    private static func file(_ path: String) throws -> FileHandle {
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }

    var processID: Int32 { process.withLock { $0.processIdentifier } }
    var isRunning: Bool { process.withLock { $0.isRunning } }
    var output: String { outputPath.flatMap { try? String(contentsOfFile: $0, encoding: .utf8) } ?? "" }
    var errors: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }

    func signal(_ number: Int32) { kill(processID, number) }

    /// Waits for its end. Its status is the exit code, or the negated signal that ended it.
    func end() async throws -> Tool.Outcome {
        try await eventually("the end of the tool: \(output)\(errors)") { !isRunning }
        let status = process.withLock {
            $0.terminationReason == .exit ? $0.terminationStatus : -$0.terminationStatus
        }
        return Tool.Outcome(status: status, output: output, errors: errors)
    }
}
