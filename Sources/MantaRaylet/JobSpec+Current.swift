internal import Glibc
package import MantaCore
internal import MantaTransport

extension JobSpec {
    /// The job of this process, which is a driver. One that hosts its cluster has no `program`: the raylets are in the same
    /// program, or in processes that were started from it, and start workers from that with its environment.
    package static func current(_ id: ProcessID, namespace: String, program: Program?) -> JobSpec {
        let own = WorkerProgram.current
        return JobSpec(
            id: id,
            namespace: namespace,
            program: program,
            arguments: own.arguments,
            environment: program == nil ? [:] : own.environment,
            entersBeforeMain: own.entersBeforeMain,
            executable: target(of: ProgramDigest.ownPath),
            workingDirectory: own.workingDirectory,
            machine: .current,
            host: hostName,
            driverProcessID: getpid(),
            startTime: Double(Lane.wallClock) / 1e9
        )
    }

    private static var hostName: String {
        var name = utsname()
        guard uname(&name) == 0 else { return "unknown" }
        return withUnsafeBytes(of: &name.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

extension MachineID {
    /// Of this process. Two containers of a machine have different ones: neither sees the other's processes. So have two network
    /// namespaces, which are as far apart as machines.
    package static let current: MachineID = {
        let start = text(of: "/proc/sys/kernel/random/boot_id")
        let namespaces = ["pid", "net"].map { target(of: "/proc/self/ns/\($0)") }
        return MachineID(([start] + namespaces).joined(separator: " "))
    }()

    private static func text(of path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(file, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)).prefix { $0 > 32 }, as: UTF8.self)
    }

}

/// Where a link leads.
private func target(of path: String) -> String {
    var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = bytes.withUnsafeMutableBytes { buffer in
        buffer.withMemoryRebound(to: CChar.self) { buffer in
            buffer.baseAddress.map { readlink(path, $0, buffer.count) } ?? 0
        }
    }
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
}
