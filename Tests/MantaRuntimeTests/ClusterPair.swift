import Distributed
import Glibc
import Logging
import MantaCore
import MantaTestSupport
import MantaTransport
import Synchronization
import Testing

@testable import MantaRuntime

/// A directory that is told where actors are.
final class StubDirectory: DirectoryClient {
    private let fates = Mutex<[ActorID: ActorFate]>([:])
    private let options: RuntimeOptions
    private let maxPendingCalls: Int

    init(_ options: RuntimeOptions, maxPendingCalls: Int) {
        self.options = options
        self.maxPendingCalls = maxPendingCalls
    }

    func set(_ fate: ActorFate, of actor: ActorID) { fates.withLock { $0[actor] = fate } }

    func location(_ actor: ActorID, in process: ProcessID, lane: UInt8, epoch: UInt32 = 0) -> ActorFate {
        .alive(
            ActorLocation(
                process: process,
                endpoint: options.endpoint(of: process),
                lane: lane,
                epoch: epoch,
                maxPendingCalls: maxPendingCalls
            )
        )
    }

    /// Waits while the actor is being restarted.
    func fate(of actor: ActorID) async throws -> ActorFate {
        while case .restarting = try await fate(of: actor, afterLosing: ProcessID(0)) {
            try await Task.sleep(for: .milliseconds(2))
        }
        return try await fate(of: actor, afterLosing: ProcessID(0))
    }

    func fate(of actor: ActorID, afterLosing process: ProcessID) async throws -> ActorFate {
        if let fate = fates.withLock({ $0[actor] }) { return fate }
        if case .local(let process) = actor.kind {
            return location(actor, in: process, lane: actor.localLane)
        }
        return .unknown
    }
}

/// Two parts of a cluster in one process: one calls, the other has the actors.
struct ClusterPair {
    static let cluster: UInt64 = 0xC1

    let folder: String
    let caller: ClusterSystem
    let callee: ClusterSystem
    let directory: StubDirectory

    struct Spawned<Act: DistributedActor> where Act.ActorSystem == ClusterSystem {
        /// The actor itself.
        let local: Act
        /// A reference to it in the other system.
        let remote: Act
    }

    /// An actor on a lane, as the cluster spawns it.
    func spawn<Act: Spawnable>(
        _ type: Act.Type = Act.self,
        epoch: UInt32 = 1,
        name: String? = nil,
        concurrency: Concurrency = .reentrant,
        id: ActorID? = nil,
        in system: ClusterSystem? = nil
    ) async throws -> Spawned<Act> where Act.Arguments == NoArguments {
        let id = id ?? ActorID.spawned(ClusterPair.nextNumber(), cluster: Self.cluster)
        let system = system ?? callee
        let label = name.map { "\(type) \"\($0)\"" } ?? "\(type)"
        let creation = ActorCreation(type, id: id, epoch: epoch, label: label, concurrency: concurrency)
        let local = try await creation.make { try await Act(NoArguments(), actorSystem: system) }
        let lane = system.lane(for: id).index
        directory.set(directory.location(id, in: system.process, lane: lane, epoch: epoch), of: id)
        return Spawned(local: local, remote: try Act.resolve(id: id, using: caller))
    }

    /// An actor that the program created for itself.
    func make<Act: DistributedActor>(_ make: (ClusterSystem) -> Act) throws -> Spawned<Act>
    where Act.ActorSystem == ClusterSystem {
        let local = make(callee)
        return Spawned(local: local, remote: try Act.resolve(id: local.id, using: caller))
    }

    private static let lastNumber = Atomic<UInt64>(0)
    private static func nextNumber() -> UInt64 { lastNumber.add(1, ordering: .relaxed).newValue }
}

extension ClusterPair.Spawned where Act == Resident {
    var diary: Diary { get async throws { try #require(await local.whenLocal { $0.diary }) } }
}

extension ClusterPair.Spawned where Act == Plain {
    var diary: Diary { get async throws { try #require(await local.whenLocal { $0.diary }) } }
}

func makeSystem(_ process: UInt64, _ options: RuntimeOptions) -> ClusterSystem {
    ClusterSystem(
        process: ProcessID(process),
        options: options,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    )
}

func withClusterPair<R>(
    dispatch: DispatchMode = .fastestKnown,
    maxPendingCalls: Int = 1_000,
    laneCount: Int = 2,
    limits: LinkLimits = LinkLimits(),
    _ body: (ClusterPair) async throws -> R
) async throws -> R {
    // In turn with tests that count what a process holds.
    try await Turn.taken { try await run(dispatch, maxPendingCalls, laneCount, limits, body) }
}

private func run<R>(
    _ dispatch: DispatchMode,
    _ maxPendingCalls: Int,
    _ laneCount: Int,
    _ limits: LinkLimits,
    _ body: (ClusterPair) async throws -> R
) async throws -> R {
    var template = Array("/tmp/manta-test-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    var options = RuntimeOptions(
        directory: folder,
        cluster: ClusterPair.cluster,
        laneCount: laneCount,
        dispatch: dispatch
    )
    options.linkLimits = limits
    let directory = StubDirectory(options, maxPendingCalls: maxPendingCalls)
    let pair = ClusterPair(
        folder: folder,
        caller: makeSystem(0xA, options),
        callee: makeSystem(0xB, options),
        directory: directory
    )
    let result: Result<R, any Error>
    do {
        for system in [pair.caller, pair.callee] {
            system.setDirectory(directory)
            await system.chooseDispatch()
            try system.listen()
        }
        #expect(pair.callee.usesCachedDispatch == (dispatch == .cached))
        result = .success(try await body(pair))
    } catch {
        result = .failure(error)
    }
    for system in [pair.caller, pair.callee] { await system.stop() }
    #expect(rmdir(folder) == 0, "something was left in \(folder)")
    return try result.get()
}
