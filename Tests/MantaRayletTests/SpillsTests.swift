import MantaCore
import MantaObjectStore
import MantaTestSupport
import Testing

@testable import MantaRaylet

@Suite("spilled objects")
struct SpillsTests {
    @Test("nothing is written any more once all is removed")
    func closed() async throws {
        let folder = try Folder()
        let store = try ObjectStore.create(ObjectStore.Options(capacity: 1 << 20), keeper: ProcessID(1))
        let id = ObjectID(creator: ProcessID(1), serial: 1)
        try #require(try store.reserve(id, owner: ProcessID(7), byteCount: 1_000)).seal()
        let pin = try #require(try store.pin(id))
        let spills = Spills(directory: folder.path, node: NodeID(5))
        try spills.write(pin)
        #expect(spills.contains(id) && folder.names.count == 1)
        spills.removeAll()
        #expect(!spills.contains(id) && folder.names == [])
        let error = await clusterError { try spills.write(pin) }
        #expect(error?.code == .notConnected)
        #expect(!spills.contains(id) && folder.names == [])
    }
}
