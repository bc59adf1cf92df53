public import Distributed
public import Manta
internal import MantaCore
internal import MantaGCS
internal import MantaRaylet
public import MantaRuntime
internal import MantaTransport
import Synchronization

/// A cluster for a test, of which nodes can be killed, paused and cut off from each other: see
/// ``withTestCluster(nodes:_:resources:silence:grace:logLevel:isolation:_:)``.
public final class TestCluster: Sendable {
    /// What the nodes of a test cluster are.
    public enum Kind: String, CaseIterable, Sendable {
        /// Raylets and workers in the test's own process, which talk over sockets as they would between processes. Starts in
        /// milliseconds. What it cannot do: the code of a killed actor that ignores the cancellation of its task runs on,
        /// though nobody hears of it; a trap ends the test; `isolation: .process` and `environment` have no effect.
        case inProcess
        /// Every raylet and every worker is a process: the test's own executable, started again.
        case processes
    }

    public let kind: Kind
    /// The driver's part in the cluster: spawn actors and call them through it.
    ///
    /// The driver also hosts the GCS. In a partition it is on the side of node 0, but it is not killed or paused with it.
    public let cluster: ClusterSystem
    /// The nodes, in the order of their numbers in ``partition(_:from:)``.
    public let nodes: [Node]

    package let head: EmbeddedCluster
    private let faults: NetworkFaults
    /// The nodes that have been told of a partition.
    private let cutNodes = Mutex<Set<Int>>([])

    init(_ kind: Kind, head: EmbeddedCluster, faults: NetworkFaults, nodes: [Node]) {
        self.kind = kind
        self.head = head
        self.faults = faults
        self.nodes = nodes
        cluster = head.system
    }

    // MARK: Partitions

    /// Cuts the nodes with the numbers `side` off from those with the numbers `other`: between them no byte passes and
    /// nothing is refused, as when a network drops all packets. Partitions add up until they are healed.
    ///
    /// Shorter than the time in which a silent node is declared dead, a partition only delays calls. After that the actors
    /// of the nodes that the driver cannot reach restart elsewhere, if their ``RestartPolicy`` says so; when the partition
    /// heals, those nodes are told, end what they still run, and do not come back.
    ///
    /// - Throws: ``ClusterError`` with code `invalidArgument` for numbers that no node has, a node on both sides, or a
    ///   paused node on the side that carries the partition out, which is that of node 0, or else `side`.
    public func partition(_ side: [Int], from other: [Int]) async throws {
        try check(side, other)
        // It is enough that one of two processes drops what they send each other.
        let (near, far) = other.contains(0) ? (other, side) : (side, other)
        let hosts = far.map { nodes[$0].host }
        for number in near { try nodes[number].checkNotPaused("carry out a partition") }
        if near.contains(0) { await faults.cut(from: Set(hosts)) }
        for number in near where nodes[number].isAlive {
            try await raylet(of: nodes[number]) { try await $0.cut(from: hosts) }
            cutNodes.withLock { _ = $0.insert(number) }
        }
    }

    /// Ends all partitions: what was sent meanwhile arrives.
    ///
    /// - Throws: ``ClusterError`` when a node does not answer; one that has been killed is left out.
    public func heal() async throws {
        await faults.heal()
        for number in cutNodes.withLock({ Array($0) }) where nodes[number].isAlive {
            try await raylet(of: nodes[number]) { try await $0.heal() }
            cutNodes.withLock { _ = $0.remove(number) }
        }
    }

    private func check(_ side: [Int], _ other: [Int]) throws(ClusterError) {
        guard (side + other).allSatisfy(nodes.indices.contains), Set(side).isDisjoint(with: other) else {
            throw ClusterError(
                .invalidArgument,
                "a partition of \(side) from \(other) in a cluster of \(nodes.count) nodes",
                hint: "name nodes by their index in `nodes`, each on one side"
            )
        }
    }

    private func raylet(of node: Node, _ body: @escaping @Sendable (Raylet) async throws -> Void) async throws
    {
        let raylet = try Raylet.at(node.host, using: cluster)
        try await withCallOptions(timeout: .seconds(10)) {
            try await withTaskExecutorPreference(cluster.control.tasks) { try await body(raylet) }
        }
    }

    // MARK: Actors

    /// The node on which an actor lives, or lived when it died.
    ///
    /// - Throws: ``ClusterError`` with code `noSuchActor` if the actor has no place.
    public func node<A: DistributedActor>(of actor: A) async throws -> Node where A.ID == ActorID {
        let id = actor.id
        guard let node = try await cluster.actors().first(where: { $0.id == id })?.node,
            let known = nodes.first(where: { $0.id == node })
        else { throw ClusterError(.noSuchActor, "\(id) is on no node") }
        return known
    }

    /// Ends the worker of an actor at once, and with it all actors that share it, as a crash would.
    ///
    /// - Throws: ``ClusterError`` with code `noSuchActor` if the actor does not live.
    public func killWorker<A: DistributedActor>(of actor: A) async throws where A.ID == ActorID {
        let id = actor.id
        let gcs = head.gcs
        let fate = try await withTaskExecutorPreference(cluster.control.tasks) { try await gcs.fate(of: id) }
        guard case .alive(let location) = fate,
            let info = try await cluster.actors().first(where: { $0.id == id }),
            let node = nodes.first(where: { $0.id == info.node }), let processID = info.processID
        else { throw ClusterError(.noSuchActor, "\(id) does not live: \(fate)") }
        node.killWorker(location.process, processID)
    }

    // MARK: Waiting

    /// Waits until `condition` holds; a condition that throws does not hold yet. Calls in it have to end within the time.
    ///
    /// The time is a bound for a test that is about to fail: make it long, it costs nothing otherwise.
    ///
    /// - Throws: ``NeverHappened`` after `limit`, with the last error of `condition`; `CancellationError` when the test is
    ///   cancelled.
    public func eventually(
        within limit: Duration = .seconds(10),
        isolation: isolated (any Actor)? = #isolation,
        _ condition: () async throws -> Bool
    ) async throws {
        let end = ContinuousClock.now + limit
        var lastError: (any Error)?
        while true {
            do {
                let rest = max(end - ContinuousClock.now, .milliseconds(1))
                if try await withCallOptions(timeout: rest, condition) { return }
                lastError = nil
            } catch {
                lastError = error
            }
            guard ContinuousClock.now < end else { throw NeverHappened(limit: limit, lastError: lastError) }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    // MARK: The end

    func stop() async {
        await faults.heal()
        for node in nodes { await node.resumeIfPaused() }
        try? await heal()
        await withTaskGroup(of: Void.self) { group in
            for node in nodes { group.addTask { await node.stop() } }
        }
        await head.stop()
    }
}
