internal import Distributed
internal import Logging
internal import MantaCore
internal import MantaRuntime
import MantaTransport

// A second opinion on a node that the GCS has lost: it may be the GCS that is cut off, or only the way between the two.

extension GCS {
    /// How many nodes are asked at a time.
    private static let witnessCount = 2
    private static let witnessTimeout = Duration.milliseconds(500)
    private static let witnessPause = Duration.milliseconds(100)

    enum Opinion {
        /// Another node reaches it.
        case reached
        /// No other node reaches it, or there is none.
        case absent
        /// There are other nodes, and none of them answers: this side may be cut off.
        case unknown
    }

    /// Asks others about a suspect for as long as it is one, and spares it while it may be alive.
    func askWitnesses(of node: NodeID) {
        // A task of its own, because a link's end is what asks for it. It ends when the node is suspect no more.
        _ = Task(executorPreference: actorSystem.control.tasks) {
            await CallContext.$current.withValue(nil) { await self.spareWhileReached(node) }
        }
    }

    private func spareWhileReached(_ node: NodeID) async {
        while plane.membership.isSuspect(node), endError == nil {
            switch await opinion(of: node) {
            case .reached, .unknown: step { $0.spare(node, now: Lane.now) }
            case .absent: break
            }
            try? await Task.sleep(for: Self.witnessPause)
        }
    }

    /// Says so where a person looks who wonders why nothing goes on.
    func tell(ofDoubt doubts: Bool) {
        guard doubts else {
            return actorSystem.logger.notice("this head is heard again: what is silent is declared dead")
        }
        actorSystem.logger.warning(
            "this head reaches no other machine, and may be cut off: nothing is declared dead until one is heard of",
            metadata: ["nodes": "\(plane.membership.suspectCount)"]
        )
    }

    /// What other nodes say of a suspect.
    func opinion(of node: NodeID) async -> Opinion {
        guard let suspect = plane.raylet(of: node) else { return .absent }
        // One on this machine is cut off when the GCS is, and knows no more.
        let others = raylets.filter { $0.key != node && plane.machine(of: $0.key) != nil }
        guard !others.isEmpty else { return .absent }
        let witnesses = others.filter { !plane.membership.isSuspect($0.key) }.values.shuffled()
        let control = actorSystem.control
        let answers = await withTaskGroup(of: Bool?.self) { group in
            for witness in witnesses.prefix(Self.witnessCount) {
                group.addTask(executorPreference: control.tasks) {
                    try? await withCallOptions(timeout: Self.witnessTimeout) {
                        try await witness.reaches(suspect)
                    }
                }
            }
            return await group.reduce(into: [Bool]()) { answers, answer in
                if let answer { answers.append(answer) }
            }
        }
        if answers.contains(true) { return .reached }
        return answers.isEmpty ? .unknown : .absent
    }
}
