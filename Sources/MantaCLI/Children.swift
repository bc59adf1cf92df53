internal import FoundationEssentials
internal import Manta
internal import MantaTransport

/// The processes that a process has started and that have not been taken note of as ended.
enum Children {
    /// Those of the process with this number; `self` for this one.
    static func count(of process: String) -> Int {
        FolderEntries.names(in: "/proc/\(process)/task").map { task in
            let list = try? String(contentsOfFile: "/proc/\(process)/task/\(task)/children", encoding: .utf8)
            return list?.split(separator: " ").count ?? 0
        }.reduce(0, +)
    }

    /// `3 processes`, `1 process`.
    static func text(_ count: Int) -> String { count == 1 ? "1 process" : "\(count) processes" }
}
