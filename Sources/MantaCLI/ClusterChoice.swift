internal import ArgumentParser
internal import Manta
internal import MantaCore

/// Which cluster a command asks, and how long it waits.
struct ClusterChoice: ParsableArguments {
    @OptionGroup
    var place: ClusterPlace

    @Option(
        help: ArgumentHelp("How many seconds an answer may take. (default: 10)", valueName: "seconds"),
        transform: { try Duration(secondsText: $0) }
    )
    var timeout: Duration?

    /// Asks the cluster.
    func ask<R: Sendable>(_ question: (ClusterObserver) async throws -> R) async throws -> R {
        try await place.ask(within: timeout ?? .seconds(10), question)
    }
}
