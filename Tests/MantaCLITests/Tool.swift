import Foundation
import Glibc
import MantaTestSupport
import Testing

/// The built tool, in a home of its own.
struct Tool: Sendable {
    let home: String

    /// How a command ended.
    struct Outcome: Sendable {
        var status: Int32
        var output: String
        var errors: String
    }

    /// Runs `body`; then nothing may be left: no process that was started in this home, no file outside of it.
    static func used(_ body: (Tool) async throws -> Void) async throws {
        let tool = Tool(home: "/tmp/manta-cli-\(String(UInt32.random(in: 0 ... .max), radix: 16))")
        try FileManager.default.createDirectory(atPath: tool.temporary, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: tool.home) }
        let result: Result<Void, any Error>
        do { result = .success(try await body(tool)) } catch { result = .failure(error) }
        let stop = try await tool.run("stop", "--all")
        for process in tool.processes where (try? result.get()) == nil { kill(process, SIGKILL) }
        try result.get()
        #expect(stop.status == 0, "\(stop.errors)")
        try await eventually("the end of \(tool.processes)") { tool.processes.isEmpty }
        #expect(try FileManager.default.contentsOfDirectory(atPath: tool.temporary) == [])
    }

    var temporary: String { "\(home)/tmp" }
    func folder(_ port: UInt16) -> String { "\(home)/.manta/node-\(port)" }

    /// Those that were started with this home, whoever is their parent now.
    var processes: [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { process in
            let environment = try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(process)/environ"))
            return environment?.split(separator: 0).contains { $0.elementsEqual("HOME=\(home)".utf8) }
                ?? false
        }
    }

    /// Runs a command to its end.
    func run(_ arguments: String..., environment: [String: String] = [:]) async throws -> Outcome {
        try await start(arguments, environment: environment).end()
    }

    /// Starts a command; its output goes to a file of its own for `nil`.
    func start(
        _ arguments: [String],
        environment: [String: String] = [:],
        output: String? = nil
    ) throws -> ToolProcess {
        try ToolProcess(
            arguments,
            environment: ["HOME": home, "TMPDIR": temporary, "PATH": "/usr/bin:/bin"].merging(environment) {
                $1
            },
            folder: home,
            output: output
        )
    }

    /// Starts a head at a port that is free.
    ///
    /// - Returns: Its port.
    func startHead(_ more: String...) async throws -> UInt16 {
        let outcome = try await start(["start", "--head", "--port", "0"] + more).end()
        try #require(outcome.status == 0, "\(outcome.errors)")
        return try port(outcome.output)
    }

    /// The port that is named in what `start` has told.
    func port(_ output: String) throws -> UInt16 {
        let address = try #require(output.firstMatch(of: #/runs at [^ ]*:([0-9]+)[.,]/#))
        return try #require(UInt16(address.1))
    }

    func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }

    /// The process of the node with this port.
    func processID(_ port: UInt16) throws -> Int32 {
        try #require(Int32(text("\(folder(port))/pid").filter(\.isNumber)))
    }
}
