internal import ArgumentParser
internal import Glibc
internal import Manta
internal import MantaCore

/// Which cluster a command is about.
struct ClusterPlace: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The cluster: HOST:PORT of its head, auto for that of this machine's node, or unix: and the folder of an "
                + "embedded one. (default: $MANTA_ADDRESS, else auto)",
            valueName: "address"
        )
    )
    var address: String?

    /// What the environment names.
    var variable: String? {
        getenv("MANTA_ADDRESS").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Where it is on this machine.
    func find() throws(ClusterError) -> ClusterAddress { try ClusterAddress(address ?? variable ?? "auto") }

    /// Asks the cluster; each answer may take so long.
    func ask<R: Sendable>(
        within timeout: Duration,
        _ question: (ClusterObserver) async throws -> R
    ) async throws -> R {
        let observer = try ClusterObserver(try find(), timeout: timeout)
        let answer: Result<R, any Error>
        do { answer = .success(try await question(observer)) } catch { answer = .failure(error) }
        await observer.close()
        return try answer.get()
    }
}
