import Foundation
import MantaCore
import MantaObjectStore
import MantaObjectTransfer
import MantaTestSupport
import MantaTransport
import Testing

@testable import MantaRaylet
@testable import MantaRuntime

@Suite("pulls of objects", .timeLimit(.minutes(10)))
struct PullDriverTests {
    /// What becomes of an object between the request for it and the answer.
    enum Fate: CaseIterable {
        case freed, ownerEnded
    }

    @Test("what comes after it has gone for good does not stay", arguments: Fate.allCases)
    func gone(fate: Fate) async throws {
        try await withNodes { nodes in
            let id = try nodes.put()
            let pull = Task { try await nodes.pull(id) }
            try await eventually { nodes.isAsked.value }
            // What the node of the reader does, while that of the owner has not heard of it.
            switch fate {
            case .freed: nodes.gone.insert(id)
            case .ownerEnded: nodes.hasOwnerEnded.change { $0 = true }
            }
            #expect(try nodes.here.freeAll(ownedBy: nodes.owner) == 0)
            nodes.mayAnswer.signal()
            try await pull.value
            #expect(try nodes.here.entries() == [])
        }
    }

    @Test("what comes in time stays")
    func stays() async throws {
        try await withNodes { nodes in
            let id = try nodes.put()
            nodes.gone.insert(ObjectID(creator: nodes.owner, serial: 99))
            nodes.mayAnswer.signal()
            try await nodes.pull(id)
            #expect(try nodes.here.contains(id))
        }
    }

    // MARK: Two nodes

    /// The stores of two nodes, of which one asks the other, which waits for the test before it looks.
    private final class Nodes: Sendable {
        let owner = ProcessID(7)
        let here: ObjectStore
        let there: ObjectStore
        let gone = GoneObjects()
        let hasOwnerEnded = Shared(false)
        let isAsked = Shared(false)
        let mayAnswer = DispatchSemaphore(value: 0)
        private let driver: PullDriver
        private let place: ObjectPlace
        private let server: BulkServer
        private let lane = Lane(name: "test", index: 0)

        init(_ folder: String) throws {
            let options = ObjectStore.Options(capacity: 1 << 20)
            (here, there) = (
                try ObjectStore.create(options, keeper: ProcessID(1)),
                try ObjectStore.create(options, keeper: ProcessID(2))
            )
            let endpoint = Endpoint.unix(path: "\(folder)/bulk")
            place = ObjectPlace(node: NodeID(2), process: ProcessID(2), bulk: endpoint)
            let (there, isAsked, mayAnswer) = (there, isAsked, mayAnswer)
            server = try BulkServer(at: endpoint) { id in
                isAsked.change { $0 = true }
                mayAnswer.wait()
                return (try? there.pin(id)).map { PinnedSource($0) }
            }
            let (gone, hasOwnerEnded) = (gone, hasOwnerEnded)
            driver = PullDriver(into: here, quota: 1 << 18, BulkOptions(), control: lane) { id, _ in
                gone.contains(id) || hasOwnerEnded.value
            }
            server.start()
        }

        func put() throws -> ObjectID {
            let id = ObjectID(creator: owner, serial: 1)
            let room = try #require(try there.reserve(id, owner: owner, byteCount: 1_000))
            room.bytes.initializeMemory(as: UInt8.self, repeating: 7)
            try room.seal()
            return id
        }

        func pull(_ id: ObjectID) async throws {
            let here = here
            try await driver.pull(id, of: owner, byteCount: 1_000, from: [place], priority: .get) {
                head,
                _ throws(ClusterError) in
                try here.reserve(head.id, owner: head.owner, byteCount: head.byteCount, role: .copy)
            }
        }

        func stop() async {
            await driver.stop()
            await server.stop()
            await lane.stop()
        }
    }

    private func withNodes(_ body: (Nodes) async throws -> Void) async throws {
        let folder = try Folder()
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.path)
        let nodes = try Nodes(folder.path)
        let result: Result<Void, any Error>
        do { result = .success(try await body(nodes)) } catch { result = .failure(error) }
        await nodes.stop()
        try result.get()
    }
}
