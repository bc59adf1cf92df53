import Foundation
import Logging
import MantaCore
import MantaTestSupport
import Testing

@testable import MantaObjectStore
@testable import MantaRaylet
@testable import MantaRuntime

@Suite("the store of a node", .timeLimit(.minutes(5)))
struct NodeStoreTests {
    @Test("what a process has sealed after its end was told goes when the process has")
    func sealedLate() async throws {
        try await withNode { node, _ in
            let driver = ProcessID(0x77)
            var opened: ObjectStore? = try ObjectStore.open(node.store.address, as: driver)
            node.ended([driver])
            // Behind it.
            _ = try await node.figures()
            for serial in 1...2 as ClosedRange<UInt64> {
                let id = ObjectID(creator: driver, serial: serial)
                try #require(try opened?.reserve(id, owner: driver, byteCount: 1_000)).seal()
            }
            // One of them is on the disk.
            try await node.makeRoom(1)
            #expect(try await node.objects().map(\.copy) == [.primary, .spilled])
            let slot = try #require(opened?.slot)
            opened = nil
            #expect(opened == nil)
            // Who is killed does not give its slot back.
            node.store.tables.client(slot).isTaken = true
            node.takeBack()
            try await eventually { try await node.objects().isEmpty }
        }
    }

    @Test("a process that leaves, or was cut off, puts nothing any more", arguments: [true, false])
    func leaving(isOrderly: Bool) async throws {
        try await withNode { node, system in
            try node.begin()
            let objects = try #require(system.objects)
            _ = try await objects.put(7, owner: .process)
            if isOrderly { objects.close() } else { system.cutOff() }
            let error = await clusterError { _ = try await objects.put(7, owner: .process) }
            #expect(error?.code == .notConnected)
        }
    }

    private func withNode(_ body: (NodeStore, ClusterSystem) async throws -> Void) async throws {
        let folder = try Folder()
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.path)
        let system = ClusterSystem(
            process: ProcessID(1),
            options: RuntimeOptions(directory: folder.path, cluster: 1, laneCount: 1),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let options = NodeStore.Options(
            node: NodeID(5),
            index: 0,
            capacity: 1 << 20,
            spillDirectory: "\(folder.path)/spilled"
        )
        let node = try NodeStore(options, in: system)
        let result: Result<Void, any Error>
        do { result = .success(try await body(node, system)) } catch { result = .failure(error) }
        await node.stop()
        await system.stop()
        try result.get()
    }
}
