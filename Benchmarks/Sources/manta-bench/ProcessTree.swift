import CFloor
import Glibc
import Manta

/// Processes that are measured together, such as this one and its children: a driver and its workers.
struct ProcessTree {
    private let processes: [Int32]

    init(_ processes: [Int32]) { self.processes = processes }

    static func current() throws -> ProcessTree { ProcessTree([getpid()] + (try children())) }

    /// Those that a process, or this one, has started and not waited for.
    static func children(of process: Int32 = getpid()) throws -> [Int32] {
        // A child is listed under the thread that started it.
        try entries(of: "/proc/\(process)/task").flatMap { thread in
            let children = try content(of: "/proc/\(process)/task/\(thread)/children")
            return children.split(separator: " ").compactMap { Int32($0) }
        }
    }

    /// Memory in KiB, shared pages counted in equal parts to those that share them (PSS).
    func residentKiB() throws -> Int {
        try processes.reduce(0) { sum, process in
            let lines = try Self.content(of: "/proc/\(process)/smaps_rollup").split(separator: "\n")
            let line = lines.first { $0.hasPrefix("Pss:") }
            return sum + (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0)
        }
    }

    /// In nanoseconds.
    func processorTime() -> UInt64 { processes.reduce(0) { $0 + cfloor_processor_time($1) } }

    private static func entries(of path: String) throws -> [String] {
        guard let directory = opendir(path) else { throw unreadable(path) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }

    private static func content(of path: String) throws -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path) }
        defer { close(descriptor) }
        return readToEnd(descriptor)
    }

    private static func unreadable(_ path: String) -> BenchmarkError {
        BenchmarkError(description: "cannot read \(path): error \(errno)")
    }
}

/// All that comes from a descriptor until its end.
func readToEnd(_ descriptor: Int32) -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
        bytes += buffer[..<count]
    }
}
