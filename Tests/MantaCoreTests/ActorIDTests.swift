import Foundation
import MantaCore
import Testing

struct ActorIDTests {
    static let process = ProcessID(0xabc)
    static let ids: [ActorID] = [
        .spawned(1, cluster: 7),
        .spawned(1 << 61 - 1, cluster: .max),
        .spawned(1 << 61 - 1, cluster: .max, hasOwnLane: true),
        .local(0, lane: 0, process: process),
        .local(12_345, lane: 255, process: process),
        .system(1, process: process),
        .system(2, process: ProcessID(0)),
    ]

    @Test("an identifier says who made it")
    func kind() {
        #expect(
            Self.ids.map(\.kind) == [
                .spawned, .spawned, .spawned, .local(Self.process), .local(Self.process), .system, .system,
            ]
        )
    }

    @Test("a local actor's identifier holds its lane")
    func lane() {
        #expect(ActorID.local(12_345, lane: 255, process: Self.process).localLane == 255)
        #expect(ActorID.local(12_345, lane: 3, process: Self.process).localLane == 3)
    }

    @Test("local actors differ by serial, lane and process")
    func distinct() {
        let other = ProcessID(0xabd)
        let ids: Set<ActorID> = [
            .local(1, lane: 1, process: Self.process), .local(2, lane: 1, process: Self.process),
            .local(1, lane: 2, process: Self.process), .local(1, lane: 1, process: other),
            .system(1, process: Self.process), .spawned(1, cluster: Self.process.rawValue),
        ]
        #expect(ids.count == 6)
    }

    @Test("a spawned actor's identifier says whether it has a lane of its own, beside its number")
    func ownLane() {
        let id = ActorID.spawned(42, cluster: 7, hasOwnLane: true)
        #expect(id.hasOwnLane && id.serial == 42 && id.description == "actor-42")
        #expect(!ActorID.spawned(42, cluster: 7).hasOwnLane && id != .spawned(42, cluster: 7))
        #expect(!ActorID.local(1 << 53, lane: 1, process: Self.process).hasOwnLane)
        #expect(!ActorID.system(1 << 61, process: Self.process).hasOwnLane)
    }

    @Test("an identifier prints the number that it was made with")
    func description() {
        #expect(ActorID.spawned(42, cluster: 7).description == "actor-42")
        #expect(ActorID.local(42, lane: 3, process: Self.process).description == "local-42@process-abc")
        #expect(ActorID.system(2, process: Self.process).description == "system-2@process-abc")
    }

    @Test("an identifier is encoded as its two numbers, and comes back equal", arguments: ids)
    func coding(id: ActorID) throws {
        let bytes = try JSONEncoder().encode(id)
        #expect(String(decoding: bytes, as: UTF8.self) == "[\(id.scope),\(id.number)]")
        #expect(try JSONDecoder().decode(ActorID.self, from: bytes) == id)
    }
}
