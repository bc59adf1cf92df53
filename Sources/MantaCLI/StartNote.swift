internal import MantaCore

/// What a node that starts in the background tells the command that started it.
enum StartNote: Codable {
    case ready(StartSummary)
    case failed(ClusterError)
}
