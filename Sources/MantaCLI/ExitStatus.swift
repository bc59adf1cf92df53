internal import MantaCore

/// How the tool ends, for scripts. ArgumentParser adds 64 for a command line that it cannot read.
package enum ExitStatus: Int32, Sendable {
    case success = 0
    case failure = 1
    /// No node runs where one was looked for, or the cluster does not answer.
    case notRunning = 2

    /// For a command that ended with `error`.
    package init(_ error: any Error) {
        self = (error as? ClusterError)?.code == .notConnected ? .notRunning : .failure
    }
}
