internal import Manta
internal import MantaCore

/// Starts a node in the background, and waits until it is ready.
struct DetachedStart {
    /// How many lines of the log are shown of a node that did not start.
    private static let shownLineCount = 15

    private let plan: NodePlan

    init(_ plan: NodePlan) { self.plan = plan }

    /// - Returns: What to tell the user.
    /// - Throws: ``ClusterError``: what went wrong in the node, or its last words.
    func run() throws(ClusterError) -> StartSummary {
        try NodeFolder.make(plan.logDirectory)
        let start = LogTail.size(of: plan.logPath)
        let node = try DetachedProcess(
            adding: ["--detached", "--port", "\(plan.bind.port)", "--directory", plan.directory],
            log: plan.logPath
        )
        let note: StartNote? = node.report {
            Console.note("waiting for \(plan.awaited); the log is \(plan.logPath)")
        }
        switch note {
        case .ready(let summary): return summary
        case .failed(let error): throw error
        case nil: throw died(node, logFrom: start)
        }
    }

    private func died(_ node: DetachedProcess, logFrom start: Int) -> ClusterError {
        let end = node.end()
        let lines = LogTail.lines(of: plan.logPath, from: start, atMost: Self.shownLineCount)
        return ClusterError(
            .invalidArgument,
            "the node \(end) before it was ready"
                + (lines.isEmpty ? "" : "; the last lines of its log:\n" + lines.joined(separator: "\n")),
            hint: "its log is \(plan.logPath); with --block it runs here, and its output too"
        )
    }
}
