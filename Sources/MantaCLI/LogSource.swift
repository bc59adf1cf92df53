internal import Manta
internal import MantaCore
internal import MantaGCS
internal import MantaRaylet

/// A node's logs, wherever the node is.
protocol LogSource: Sendable {
    /// The node, for people.
    var title: String { get }
    func files() async throws -> [LogFileInfo]
    func piece(of name: String, after position: LogPosition?) async throws -> LogPiece
    func tail(of name: String, lineCount: Int) async throws -> LogPosition
}

/// Those in a folder of this machine, whether its node runs or not.
struct LocalLogs: LogSource {
    private let logs: NodeLogs
    let title: String

    init(in directory: String) {
        logs = NodeLogs(directory: NodeFolder.logs(in: directory))
        title = directory
    }

    func files() async throws -> [LogFileInfo] { logs.files() }
    func piece(of name: String, after position: LogPosition?) async throws -> LogPiece {
        try logs.piece(of: name, after: position)
    }
    func tail(of name: String, lineCount: Int) async throws -> LogPosition {
        try logs.tail(of: name, lineCount: lineCount)
    }
}

/// Those of a node of the cluster.
struct RemoteLogs: LogSource {
    let observer: ClusterObserver
    let node: NodeID

    var title: String { "\(node)" }

    func files() async throws -> [LogFileInfo] { try await observer.logFiles(of: node) }
    func piece(of name: String, after position: LogPosition?) async throws -> LogPiece {
        try await observer.log(of: node, name, after: position)
    }
    func tail(of name: String, lineCount: Int) async throws -> LogPosition {
        try await observer.logTail(of: node, name, lineCount: lineCount)
    }
}
