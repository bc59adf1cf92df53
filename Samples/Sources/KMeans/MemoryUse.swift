import Foundation

/// What processes of this machine take of its memory, as the kernel sees it, in bytes.
///
/// The proportional set size (PSS) of a process counts a page that *n* processes share as an *n*th of a page. So the sizes
/// of several processes add up to what all of them take together, and shared memory is counted once.
struct MemoryUse: Sendable {
    private(set) var processCount = 0
    /// Memory in files of shared memory: here, what the processes have touched of the stores.
    private(set) var sharedByteCount = 0
    /// All other.
    private(set) var ownByteCount = 0

    /// Of a set of processes; those that have ended meanwhile are left out.
    init(of processes: some Sequence<Int32>) {
        for process in processes {
            guard let sizes = Self.sizes(of: process) else { continue }
            processCount += 1
            let shared = sizes["Pss_Shmem"] ?? 0
            sharedByteCount += shared
            ownByteCount += (sizes["Pss"] ?? 0) - shared
        }
    }

    static func + (left: MemoryUse, right: MemoryUse) -> MemoryUse {
        var sum = left
        sum.processCount += right.processCount
        sum.sharedByteCount += right.sharedByteCount
        sum.ownByteCount += right.ownByteCount
        return sum
    }

    /// Lines such as `Pss:  1234 kB`.
    private static func sizes(of process: Int32) -> [String: Int]? {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/smaps_rollup", encoding: .utf8) else {
            return nil
        }
        var sizes: [String: Int] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3, words[2] == "kB", let size = Int(words[1]) else { continue }
            sizes[String(words[0].dropLast())] = size * 1_024
        }
        return sizes
    }

    /// The processes that this one has started, and those that they have started, and so on.
    static func descendants() -> Set<Int32> {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        var children: [Int32: [Int32]] = [:]
        for process in names.compactMap({ Int32($0) }) {
            if let parent = parent(of: process) { children[parent, default: []].append(process) }
        }
        var found: Set<Int32> = []
        var open = children[getpid()] ?? []
        while let process = open.popLast() {
            if found.insert(process).inserted { open += children[process] ?? [] }
        }
        return found
    }

    /// The fourth field of `stat`; the second is a name in parentheses, which may hold anything.
    private static func parent(of process: Int32) -> Int32? {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[end...].split(separator: " ")
        return fields.count > 2 ? Int32(fields[2]) : nil
    }
}
