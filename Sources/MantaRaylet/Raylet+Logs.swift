internal import Distributed
internal import MantaCore
package import MantaGCS
internal import MantaRuntime

// The logs of the node, for those on other machines.

extension Raylet {
    /// The logs that the node keeps; none if it keeps none.
    package distributed func logFiles() async -> [LogFileInfo] {
        guard let logs else { return [] }
        return await offLane { logs.files() }
    }

    /// The next bytes of a log: see `NodeLogs`.
    package distributed func log(_ name: String, after position: LogPosition?) async throws -> LogPiece {
        let logs = try knownLogs()
        return try await offLane {
            Result { () throws(ClusterError) in try logs.piece(of: name, after: position) }
        }.get()
    }

    /// Where the last lines of a log begin.
    package distributed func logTail(_ name: String, lineCount: Int) async throws -> LogPosition {
        let logs = try knownLogs()
        return try await offLane {
            Result { () throws(ClusterError) in try logs.tail(of: name, lineCount: lineCount) }
        }.get()
    }

    private var logs: NodeLogs? { options.logDirectory.map { NodeLogs(directory: $0) } }

    private func knownLogs() throws(ClusterError) -> NodeLogs {
        if let logs { return logs }
        throw ClusterError(
            .invalidArgument,
            "\(options.node) keeps no logs: what it has to say is in its driver's"
        )
    }

    /// Runs what takes its time, for which the control plane does not wait.
    nonisolated func offLane<R: Sendable>(_ body: @escaping @Sendable () -> R) async -> R {
        await withTaskExecutorPreference(globalConcurrentExecutor) { await Self.run(body) }
    }

    @concurrent private static func run<R: Sendable>(_ body: @Sendable () -> R) async -> R { body() }
}
