internal import Glibc
internal import MantaTransport

/// What a test left behind.
package struct Leak: Error, CustomStringConvertible {
    package var description: String
}

/// What a process holds of the system: its children, its lanes' threads, its sockets and pipes.
package struct Ledger: Hashable, Sendable {
    var children: Int
    var lanes: Int
    var descriptors: Int

    package static func now() -> Ledger {
        Ledger(
            children: childCount(),
            lanes: FolderEntries.names(in: "/proc/self/task").count { task in
                line(of: "/proc/self/task/\(task)/comm").hasPrefix("manta-")
            },
            descriptors: FolderEntries.names(in: "/proc/self/fd").count { descriptor in
                let target = link("/proc/self/fd/\(descriptor)")
                return [
                    "socket:", "pipe:", "anon_inode:[eventfd]", "anon_inode:[pidfd]",
                    "anon_inode:[eventpoll]",
                ]
                .contains { target.hasPrefix($0) }
            }
        )
    }

    /// - Throws: ``Leak`` when something is held now that was not at `before`, for longer than threads take
    ///   to end.
    static func check(since before: Ledger, openCalls: Int, directory: String) async throws {
        guard openCalls == 0 else { throw Leak(description: "\(openCalls) calls had not ended") }
        guard access(directory, F_OK) != 0 else {
            throw Leak(description: "\(directory) is left with \(FolderEntries.names(in: directory))")
        }
        try await check(since: before)
    }

    /// The same for what the system shows.
    static func check(since before: Ledger) async throws {
        var after = now()
        // A lane's thread tells that it ends before it has closed its descriptors.
        for _ in 0..<1_000 where !after.isWithin(before) {
            try await Task.sleep(for: .milliseconds(5))
            after = now()
        }
        guard after.isWithin(before) else { throw Leak(description: "before: \(before), after: \(after)") }
    }

    private func isWithin(_ other: Ledger) -> Bool {
        children <= other.children && lanes <= other.lanes && descriptors <= other.descriptors
    }

    /// Children of any thread of this process, zombies included.
    private static func childCount() -> Int {
        FolderEntries.names(in: "/proc/self/task").map { task in
            line(of: "/proc/self/task/\(task)/children").split(separator: " ").count
        }.reduce(0, +)
    }

    private static func line(of path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(file, &buffer, buffer.count)
        return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    }

    private static func link(_ path: String) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        let count = readlink(path, &buffer, buffer.count)
        return String(decoding: buffer[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
