import Foundation
import MantaCore
import MantaRaylet
import Synchronization

/// Bytes that pretend to be an executable.
struct SampleProgram {
    let bytes: [UInt8]
    let program: JobSpec.Program

    /// Those of different numbers have different bytes.
    init(_ number: Int, byteCount: Int = 100_000, in folder: Folder) throws {
        bytes = Array(
            repeatElement(
                (0..<1_000).map { UInt8(truncatingIfNeeded: $0 &* (number + 1) + number) },
                count: byteCount / 1_000 + 1
            )
            .joined().prefix(byteCount)
        )
        let path = "\(folder.path)/sample-\(number)"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        program = JobSpec.Program(id: try ProgramID(from: Self.sha256(path)), byteCount: byteCount)
    }

    /// As a program that is not ours says.
    private static func sha256(_ path: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
        process.arguments = [path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return String(text.prefix { $0 != " " })
    }
}

/// Has some bytes, and counts how often they are asked for.
final class FakeOrigin: ProgramOrigin {
    let name: String
    private let bytes: [UInt8]
    private let failure: ClusterError?
    private let gate: Gate?
    private let asked = Mutex(0)

    init(_ name: String, _ bytes: [UInt8], failure: ClusterError? = nil, gate: Gate? = nil) {
        self.name = name
        self.bytes = bytes
        self.failure = failure
        self.gate = gate
    }

    var askedCount: Int { asked.withLock { $0 } }

    func write(_ program: JobSpec.Program, to draft: ProgramDraft) async throws {
        asked.withLock { $0 += 1 }
        if let gate { await gate.pass() }
        for start in stride(from: 0, to: bytes.count, by: 1 << 20) {
            try draft.append(bytes[start..<min(start + 1 << 20, bytes.count)].span.bytes)
        }
        if let failure { throw failure }
    }
}

/// Holds those who come until it is opened.
final class Gate: Sendable {
    private let state = Mutex((isOpen: false, waiters: [CheckedContinuation<Void, Never>]()))

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
