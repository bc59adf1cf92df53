internal import Glibc
internal import Manta
internal import MantaCore

/// The end of a node of this machine.
struct NodeStop {
    private static let step: Int32 = 1_000
    /// How long a process takes at most from its start to the number in its folder.
    private static let startPatience: UInt32 = 100_000

    private let directory: String

    init(in directory: String) { self.directory = directory }

    /// Asks the node to end, waits for that, and kills it when it takes too long.
    ///
    /// - Returns: What was done, for the user.
    /// - Throws: ``ClusterError`` when its process cannot be found or ended.
    func run(within limit: Duration) throws(ClusterError) -> String {
        guard let node = findHolder() else {
            guard SessionCard.isLive(directory) else { return "the node in \(directory) has ended by itself" }
            throw ClusterError(
                .invalidArgument,
                "a node runs in \(directory), but which process it is cannot be seen",
                hint: "it may belong to another user; see who has \(directory)/lock open"
            )
        }
        node.signal(SIGTERM)
        let end = ContinuousClock.now + limit
        var waited = 0
        while ContinuousClock.now < end {
            let rest = Int32(clamping: Int((end - ContinuousClock.now) / .milliseconds(1)) + 1)
            if node.waitForEnd(atMost: min(Self.step, rest)) {
                return "stopped the node in \(directory) (process \(node.processID))"
            }
            waited += 1
            if waited.isMultiple(of: 2) {
                let count = node.childCount
                let rest = count > 0 ? ", which has \(Children.text(count))" : ""
                Console.note("waiting for process \(node.processID) to end\(rest)")
            }
        }
        return try kill(node, after: limit)
    }

    private func findHolder() -> NodeHolder? {
        for _ in 0..<20 {
            if let holder = NodeHolder(of: directory) { return holder }
            guard SessionCard.isLive(directory) else { return nil }
            usleep(Self.startPatience)
        }
        return nil
    }

    private func kill(_ node: NodeHolder, after limit: Duration) throws(ClusterError) -> String {
        node.signal(SIGKILL)
        guard node.waitForEnd(atMost: 10 * Self.step) else {
            throw ClusterError(
                .invalidArgument,
                "process \(node.processID) does not end, although it was killed",
                hint: "it waits in the system, for a disk perhaps: see /proc/\(node.processID)/stack"
            )
        }
        NodeFolder.tidy(directory)
        return
            "killed the node in \(directory) (process \(node.processID)): it did not end within \(limit.text)"
    }
}
