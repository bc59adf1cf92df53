import Distributed
import Foundation
import Logging
import MantaCore
@testable import MantaGCS
import MantaRuntime
import MantaTestSupport
import MantaTransport
import Synchronization
import Testing

/// A raylet that does what it is told at once, and remembers it.
private final class WillingRaylet: RayletClient {
    private let log = Mutex<[String]>([])
    var told: [String] { log.withLock { $0 } }

    func create(_ spec: ActorSpec) async throws -> CreationAnswer {
        log.withLock { $0.append("create \(spec.key)") }
        return .created(location(in: worker, epoch: spec.epoch), operatingSystemID: 1)
    }

    func end(_ actor: ActorKey, _ cause: DeathCause) async throws {
        log.withLock { $0.append("end \(actor)") }
    }

    func stop(_ actor: ActorKey, _ cause: DeathCause, within limit: Duration) async throws {
        log.withLock { $0.append("stop \(actor)") }
    }

    func probe() async throws {}
    func reaches(_ raylet: ActorID) async throws -> Bool { true }
    func storeFigures() async throws -> StoreFigures { throw ClusterError(.notConnected, "it has no store") }
    func objects() async throws -> [ObjectInfo] { [] }
    func logFiles() async throws -> [LogFileInfo] { [] }
    func log(_ name: String, after position: LogPosition?) async throws -> LogPiece { throw Self.noLogs }
    func logTail(_ name: String, lineCount: Int) async throws -> LogPosition { throw Self.noLogs }
    private static let noLogs = ClusterError(.notConnected, "it has no logs")
}

/// A head: a process of a cluster with the GCS, over a storage that outlives it.
private final class Head: Sendable {
    let system: ClusterSystem
    let gcs: GCS
    let raylet = WillingRaylet()

    init(_ storage: MemoryStorage) async throws {
        let stored = try await storage.begin()
        let options = RuntimeOptions(
            directory: NSTemporaryDirectory(),
            cluster: stored.identity.cluster,
            laneCount: 1
        )
        var logger = Logger(label: "test")
        logger.logLevel = .error
        system = ClusterSystem(process: stored.identity.process, options: options, logger: logger)
        let lost = Shared<[ClusterError]>([])
        self.lost = lost
        let raylet = raylet
        gcs = try GCS.make(
            DurableDirectory(storage: storage, stored: stored) { error in lost.change { $0.append(error) } },
            in: system,
            // Nobody is where its raylet would be.
            liveness: NodeLiveness(grace: .seconds(1_000)),
            client: { _ in raylet }
        )
    }

    private let lost: Shared<[ClusterError]>
    /// What it was told of its storage.
    var storageErrors: [ClusterError] { lost.value }

    func on<R: Sendable>(_ body: @escaping @Sendable (GCS) async throws -> R) async throws -> R {
        let gcs = gcs
        return try await withTaskExecutorPreference(system.control.tasks) { try await body(gcs) }
    }

    func join(hosted: [ActorKey] = []) async throws {
        let registration = NodeRegistration(
            id: node,
            address: "here",
            endpoint: .unix(path: ""),
            resources: [.cpu: 1_000],
            labels: [:],
            raylet: .system(100, process: ProcessID(1 << 24)),
            hosted: hosted
        )
        #expect(try await on { try await $0.nodeJoined(registration) } == .accepted)
    }

    func request(_ name: String) -> SpawnRequest {
        SpawnRequest(
            mangledTypeName: "T",
            typeName: "T",
            arguments: [],
            options: ActorOptions(name: name, lifetime: .detached),
            caller: driver
        )
    }

    func spawn(_ name: String) async throws -> ActorID {
        let request = request(name)
        guard case .created(let id, _) = try await on({ try await $0.spawn(request) }) else {
            throw ClusterError(.remote, "init failed")
        }
        return id
    }

    func find(_ name: String) async throws -> ActorID {
        try await on { try await $0.find(QualifiedName(name, namespace: "default")) }.id
    }

    /// Ends without telling anybody, as a killed process does.
    func die() async { await system.stop() }
}

@Suite("A GCS with a storage", .enabled(if: ClusterTestSwitch.isOn, "runs with MANTA_CLUSTER_TESTS=1"))
struct DurableGCSTests {
    private let storage = MemoryStorage()

    @Test("an actor is not built before it is durable, and not announced before it is durable that it lives")
    func order() async throws {
        let head = try await Head(storage)
        try await head.join()
        storage.hold()
        async let spawned = head.spawn("hits")
        try await eventually { storage.heldCount == 1 }
        #expect(head.raylet.told.isEmpty)
        storage.release()
        storage.hold()
        try await eventually { storage.heldCount == 1 && !head.raylet.told.isEmpty }
        #expect(head.raylet.told.count == 1)
        async let found = head.find("hits")
        storage.release()
        #expect(try await spawned == found)
        try await head.on { try await $0.stop() }
        #expect(storage.isClosed)
        await head.die()
    }

    @Test("who asks is told of nothing that is not durable")
    func questions() async throws {
        let head = try await Head(storage)
        try await head.join()
        let id = try await head.spawn("hits")
        storage.hold()
        let asked = Shared<ActorFate?>(nil)
        async let killed: Void = head.on { try await $0.kill(id, restart: false, epoch: nil) }
        try await eventually { storage.heldCount == 1 }
        async let answered: Void = {
            let fate = try await head.on { try await $0.fate(of: id) }
            asked.change { $0 = fate }
        }()
        let plane = try await head.on { await $0.whenLocal { $0.plane.directory.fate(of: id) } }
        #expect(plane == .dead(.killed) && asked.value == nil)
        storage.release()
        try await answered
        try await killed
        #expect(asked.value == .dead(.killed))
        await head.die()
    }

    @Test("what many ask for at once is written together")
    func together() async throws {
        let head = try await Head(storage)
        try await head.join()
        let before = storage.commitSizes.count
        storage.hold()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 { group.addTask { _ = try await head.spawn("name-\(number)") } }
            try await eventually { storage.heldCount == 1 }
            storage.release()
            try await group.waitForAll()
        }
        #expect(storage.commitSizes.count - before < 100)
        await head.die()
    }

    @Test("the next head finds what was acknowledged, and keeps its identity")
    func restart() async throws {
        let first = try await Head(storage)
        try await first.join()
        let id = try await first.spawn("hits")
        await first.die()
        let second = try await Head(storage)
        #expect(second.system.process == first.system.process)
        #expect(try await second.find("hits") == id)
        try await second.join(hosted: [ActorKey(id, epoch: 1)])
        await #expect(throws: ClusterError.self) { _ = try await second.spawn("hits") }
        try await second.on { try await $0.kill(id, restart: false, epoch: nil) }
        #expect(second.raylet.told == ["end \(ActorKey(id, epoch: 1))"])
        await second.die()
    }

    @Test("a head that cannot store any more decides nothing any more, and says so once")
    func failure() async throws {
        let head = try await Head(storage)
        try await head.join()
        let id = try await head.spawn("hits")
        storage.fail(ClusterError(.notConnected, "broken"))
        let told = head.raylet.told
        for name in ["a", "b"] {
            let error = await clusterError { _ = try await head.spawn(name) }
            #expect(error?.code == .notConnected && error?.message.contains("broken") == true)
        }
        for question in [0, 1] {
            let error = await clusterError {
                if question == 0 {
                    _ = try await head.find("hits")
                } else {
                    _ = try await head.on { try await $0.fate(of: id) }
                }
            }
            #expect(error?.code == .notConnected)
        }
        #expect(head.raylet.told == told)
        #expect(head.storageErrors.map(\.code) == [.notConnected])
        await head.die()
    }

    @Test("a head whose disk is full decides nothing until there is room, and has forgotten nothing then")
    func fullDisk() async throws {
        let storage = MemoryStorage()
        let head = try await Head(storage)
        try await head.join()
        storage.fail(ClusterError(.outOfDisk, "full"))
        async let spawned = head.spawn("hits")
        try await eventually { storage.fullCount >= 2 }
        #expect(head.raylet.told.isEmpty)
        storage.fail(nil)
        #expect(try await head.find("hits") == (try await spawned))
        #expect(head.storageErrors.isEmpty)
        await head.die()
        let next = try await Head(storage)
        _ = try await next.find("hits")
        await next.die()
    }

    @Test("a spawn that its caller has given up leaves no actor, however far it had come")
    func givenUp() async throws {
        let head = try await Head(MemoryStorage())
        try await head.join()
        let request = head.request("hits")
        try await head.on { try await $0.giveUp(request.number) }
        guard case .created(let id, _) = try await head.on({ try await $0.spawn(request) }) else {
            throw ClusterError(.remote, "init failed")
        }
        #expect(try await head.find("hits") == id)
        for _ in 0..<2 { try await head.on { try await $0.giveUp(request.number) } }
        #expect(await clusterError { _ = try await head.find("hits") }?.code == .noSuchActor)
        try await eventually { head.raylet.told.contains("end \(ActorKey(id, epoch: 1))") }
        await head.die()
    }

    @Test("a head that ends in order stores what it has decided")
    func stop() async throws {
        let head = try await Head(storage)
        try await head.join()
        let id = try await head.spawn("hits")
        storage.hold()
        async let killed: Void = head.on { try await $0.kill(id, restart: false, epoch: nil) }
        try await eventually { storage.heldCount == 1 }
        async let stopped: Void = head.on { try await $0.stop() }
        storage.release()
        try await stopped
        _ = try? await killed
        #expect(storage.isClosed)
        await head.die()
        let next = try await Head(storage)
        #expect(await clusterError { _ = try await next.find("hits") }?.code == .noSuchActor)
        await next.die()
    }
}
