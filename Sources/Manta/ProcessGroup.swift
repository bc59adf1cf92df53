internal import Glibc
internal import MantaTransport

/// A group of processes, which signals reach all at once.
struct ProcessGroup: Sendable {
    /// The process that leads it, after which it is named.
    let leader: Int32

    func signal(_ number: Int32) { _ = kill(-leader, number) }

    /// Whether any process of it runs. Those that have ended stay in it until their parent takes note of that, which for
    /// orphans may take seconds.
    var isRunning: Bool {
        guard kill(-leader, 0) == 0 else { return false }
        let processes = FolderEntries.names(in: "/proc").compactMap { Int32($0) }
        return processes.isEmpty || processes.contains { Self.runs($0, in: leader) }
    }

    private static func runs(_ process: Int32, in group: Int32) -> Bool {
        let file = open("/proc/\(process)/stat", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = read(file, &buffer, buffer.count)
        // `12 (name) S parent group …`, where the name may hold anything.
        let text = String(decoding: buffer[..<max(0, count)], as: UTF8.self)
        guard let end = text.lastIndex(of: ")") else { return false }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 2, Int32(fields[2]) == group else { return false }
        return fields[0] != "Z" && fields[0] != "X"
    }
}
