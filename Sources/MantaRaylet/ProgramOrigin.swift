internal import Distributed
internal import Glibc
package import MantaCore
internal import MantaGCS
internal import MantaRuntime

/// From where a node can have a program.
package protocol ProgramOrigin: Sendable {
    /// For people.
    var name: String { get }
    /// Writes all of the program's bytes, in order. They are checked afterwards.
    func write(_ program: JobSpec.Program, to draft: ProgramDraft) async throws
}

/// The executable of a process of this machine.
struct RunningProgram: ProgramOrigin {
    let process: Int32
    var name: String { "process \(process) of this machine" }

    func write(_ program: JobSpec.Program, to draft: ProgramDraft) async throws {
        try draft.copy("/proc/\(process)/exe")
    }
}

/// A file that may be the program: machines of a cluster often share a file system, or have the same software.
struct ProgramFile: ProgramOrigin {
    let path: String
    var name: String { path }

    func write(_ program: JobSpec.Program, to draft: ProgramDraft) async throws {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_size == program.byteCount
        else { throw ClusterError(.invalidArgument, "there is no file of that size") }
        try draft.copy(path)
    }
}

/// A raylet that has said that it has the program: its bytes come as objects, a part at a time.
struct RemoteProgram: ProgramOrigin {
    /// For each part.
    private static let timeout = Duration.seconds(60)

    let source: ProgramSource
    let gcs: GCS
    let system: ClusterSystem
    /// How many bytes this node takes at a time.
    let partByteCount: Int
    var name: String { "\(source.node)" }

    func write(_ program: JobSpec.Program, to draft: ProgramDraft) async throws {
        let raylet = try Raylet.resolve(id: source.raylet, using: system)
        var offset = 0
        while offset < program.byteCount {
            let count = try await withCallOptions(timeout: Self.timeout) {
                try await part(of: program, at: offset, from: raylet, to: draft)
            }
            guard count > 0 else {
                throw ClusterError(.invalidArgument, "\(source.node) sent no more after \(offset) bytes")
            }
            offset += count
        }
    }

    private func part(
        of program: JobSpec.Program,
        at offset: Int,
        from raylet: Raylet,
        to draft: ProgramDraft
    ) async throws -> Int {
        do {
            let part = try await raylet.programPart(program.id, at: offset, atMost: partByteCount)
            return try await part.withBytes { bytes in
                try draft.append(bytes)
                return bytes.byteCount
            }
        } catch let error as ClusterError where error.code == .objectLost {
            // It was removed there, and the GCS was not told.
            try? await gcs.programDropped(program.id, on: source.node)
            throw error
        }
    }
}
