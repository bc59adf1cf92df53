import Foundation
import MantaCore
import MantaGCS
@testable import MantaStorage
import MantaTestSupport
import Testing

private func entry(_ kind: StoredEntry.Kind, _ id: UInt64, _ value: [UInt8]?) -> StoredEntry {
    StoredEntry(StoredEntry.Key(kind, id), value)
}

private let here = NodeAddress(host: "10.0.0.1", port: 1)
private let there = NodeAddress(host: "fd00::1", port: 2)

@Suite(
    "A directory in etcd",
    .serialized,
    .enabled(if: ClusterTestSwitch.isOn, "runs with MANTA_CLUSTER_TESTS=1"),
    .enabled(if: EtcdServer.isInstalled, EtcdServer.reason)
)
struct EtcdStorageTests {
    private func election(_ server: EtcdServer, cluster: String = "test") throws -> EtcdElection {
        try EtcdElection(endpoints: [server.endpoint], cluster: cluster)
    }

    /// As if the lease of the head that leads had ended.
    private func depose(_ server: EtcdServer) async throws {
        let client = try EtcdClient([server.endpoint])
        let request = EtcdRequest.transaction(if: [], [EtcdRequest.delete(EtcdKey("/manta/test/leader"))])
        _ = try await client.ask("kv/txn", request, as: EtcdAnswer.Transaction.self)
    }

    @Test(
        "what was committed is there for the next head, of all kinds and sizes, also more than fits one transaction"
    )
    func thereAgain() async throws {
        let server = try await EtcdServer()
        let numbers: [UInt64] = [0, 1, 1 << 61 | 5, 1 << 63, .max]
        var entries = StoredEntry.Kind.allCases.flatMap { kind in
            numbers.map { entry(kind, $0, [kind.rawValue, UInt8(truncatingIfNeeded: $0)]) }
        }
        entries.append(entry(.actor, 7, []))
        let first = try election(server)
        let storage = try await first.campaign(at: here)
        #expect(try await storage.load().isEmpty)
        try await storage.commit(entries)
        // More than a page, and than a part of the journal.
        let many = (100..<5_100).map { entry(.process, $0, [UInt8](repeating: UInt8($0 % 256), count: 300)) }
        try await storage.commit(many)
        try await storage.commit([
            entry(.actor, 8, [UInt8](repeating: 1, count: 900_000)), entry(.actor, 7, nil),
        ])
        try await storage.commit([entry(.actor, 1, [9]), entry(.actor, 99, nil)])
        try await storage.commit([])
        await first.resign()
        let loaded = Set(try await election(server).campaign(at: there).load())
        var expected = Set(entries + many)
        expected.remove(entry(.actor, 7, []))
        expected.remove(entry(.actor, 1, [4, 1]))
        expected.insert(entry(.actor, 1, [9]))
        expected.insert(entry(.actor, 8, [UInt8](repeating: 1, count: 900_000)))
        #expect(loaded == expected)
    }

    @Test("clusters of different names share an etcd")
    func names() async throws {
        let server = try await EtcdServer()
        let one = try await election(server, cluster: "one").campaign(at: here)
        let other = try await election(server, cluster: "one-more").campaign(at: here)
        try await one.commit([entry(.actor, 1, [1])])
        try await other.commit([entry(.actor, 1, [2])])
        #expect(try await one.load() == [entry(.actor, 1, [1])])
        await one.close()
        await other.close()
    }

    @Test("a head that was succeeded changes nothing, and is told")
    func fenced() async throws {
        let server = try await EtcdServer()
        let storage = try await election(server).campaign(at: here)
        #expect(try await storage.begin().identity.epoch == 1)
        let losses = Shared<[ClusterError]>([])
        storage.whenLost { error in losses.change { $0.append(error) } }
        try await depose(server)
        let next = try await election(server).campaign(at: there)
        #expect(try await next.begin().identity.epoch == 2)
        try await next.commit([entry(.actor, 1, [1])])
        let many = (0..<500).map { entry(.actor, $0, [2]) }
        for changes in [[entry(.actor, 1, [2])], many] {
            let error = await clusterError { try await storage.commit(changes) }
            #expect(error?.code == .notConnected && error?.hint != nil)
        }
        #expect(losses.value.count == 1)
        #expect(try await next.load().contains(entry(.actor, 1, [1])))
        try await next.commit([entry(.actor, 1, [3])])
        await next.close()
        await storage.close()
    }

    @Test("a transaction of which a copy comes late is carried out once")
    func lateCopy() async throws {
        let server = try await EtcdServer()
        let storage = try await election(server).campaign(at: here)
        _ = try await storage.begin()
        let client = try EtcdClient([server.endpoint])
        let leader = EtcdKey("/manta/test/leader")
        let found = try await client.ask("kv/range", EtcdRequest.range(leader), as: EtcdAnswer.Range.self)
        let revision = try #require(found.kvs?.first?.createRevision)
        let sequence = EtcdKey("/manta/test/sequence")
        let before = try await client.ask("kv/range", EtcdRequest.range(sequence), as: EtcdAnswer.Range.self)
        let mark = [UInt8](try #require(before.kvs?.first?.value))
        let old = entry(.actor, 1, [1]).operation(prefix: "/manta/test/entries/")
        try await storage.commit([entry(.actor, 1, [1])])
        try await storage.commit([entry(.actor, 1, [2])])
        let copies = [
            [EtcdRequest.wasMade(leader, at: revision), EtcdRequest.has(sequence, mark)],
            [EtcdRequest.wasMade(leader, at: revision), EtcdRequest.wasChanged(sequence, before: revision)],
        ]
        for conditions in copies {
            let copy = EtcdRequest.transaction(if: conditions, [old])
            let outcome = try await client.ask("kv/txn", copy, as: EtcdAnswer.Transaction.self)
            #expect(outcome.succeeded != true)
        }
        #expect(try await storage.load().contains(entry(.actor, 1, [2])))
        await storage.close()
    }

    @Test(
        "a large commit that had not taken place is forgotten, and one that had is finished by the next head"
    )
    func journal() async throws {
        let server = try await EtcdServer()
        let client = try EtcdClient([server.endpoint])
        let changes = (0..<3_000).map { entry(.actor, $0, [UInt8](repeating: 7, count: 400)) }
        let parts = EtcdJournal.parts(of: changes + [entry(.node, 1, nil)], size: 500_000)
        #expect(parts.count > 2)
        func write(_ operations: [String]) async throws {
            let request = EtcdRequest.transaction(if: [], operations)
            _ = try await client.ask("kv/txn", request, as: EtcdAnswer.Transaction.self)
        }
        func writeParts() async throws {
            for (number, part) in parts.enumerated() {
                try await write([
                    EtcdRequest.put(EtcdKey("/manta/test/journal/\(EtcdJournal.name(number))"), part)
                ])
            }
        }
        let first = try await election(server).campaign(at: here)
        try await first.commit([entry(.node, 1, [1])])
        try await writeParts()
        #expect(try await first.load() == [entry(.node, 1, [1])])
        try await writeParts()
        let count = withUnsafeBytes(of: UInt32(parts.count).littleEndian) { Array($0) }
        try await write([EtcdRequest.put(EtcdKey("/manta/test/committed"), count)])
        await first.close()
        let next = try await election(server).campaign(at: here)
        #expect(Set(try await next.load()) == Set(changes))
        let left = try await client.ask(
            "kv/range",
            EtcdRequest.range(prefix: "/manta/test/journal/", limit: 1),
            as: EtcdAnswer.Range.self
        )
        #expect(left.kvs == nil)
        await next.close()
    }

    @Test("an entry that is damaged is found")
    func damaged() async throws {
        let server = try await EtcdServer()
        let storage = try await election(server).campaign(at: here)
        try await storage.commit([entry(.actor, 1, [1, 2, 3])])
        let key = EtcdKey("/manta/test/entries/4/0000000000000001")
        let client = try EtcdClient([server.endpoint])
        let request = EtcdRequest.transaction(if: [], [EtcdRequest.put(key, [0, 0, 0, 0, 1, 2, 3])])
        _ = try await client.ask("kv/txn", request, as: EtcdAnswer.Transaction.self)
        #expect(await clusterError { _ = try await storage.load() }?.code == .undecodable)
        await storage.close()
    }

    // MARK: Elections

    @Test("one of several leads, and when it resigns another one does; everybody can ask who")
    func elections() async throws {
        let server = try await EtcdServer()
        let (first, second) = (try election(server), try election(server))
        #expect(try await first.leader() == nil)
        let storage = try await first.campaign(at: here)
        async let next = second.campaign(at: there)
        #expect(try await second.leader() == here)
        await storage.close()
        let other = try await next
        #expect(try await first.leader() == there)
        await other.close()
        #expect(try await first.leader() == nil)
    }

    @Test("a candidate that gives up leaves nothing behind")
    func cancelled() async throws {
        let server = try await EtcdServer()
        let storage = try await election(server).campaign(at: here)
        let second = try election(server)
        let campaign = Task { try await second.campaign(at: there) }
        campaign.cancel()
        await #expect(throws: CancellationError.self) { _ = try await campaign.value }
        await storage.close()
        #expect(try await second.leader() == nil)
    }

    @Test("while etcd does not answer for a moment, commits wait for it")
    func moment() async throws {
        let server = try await EtcdServer()
        let storage = try await election(server).campaign(at: here)
        server.kill()
        async let committed: Void = storage.commit([entry(.actor, 1, [1])])
        try await server.start()
        try await committed
        #expect(try await storage.load() == [entry(.actor, 1, [1])])
        await storage.close()
    }

    @Test("a head that cannot renew its lease learns that it leads no longer, and can be elected again")
    func cutOff() async throws {
        let server = try await EtcdServer()
        let election = try election(server)
        let storage = try await election.campaign(at: here)
        let losses = Shared<[ClusterError]>([])
        storage.whenLost { error in losses.change { $0.append(error) } }
        server.kill()
        try await eventually { losses.value.count == 1 }
        #expect(
            await clusterError { try await storage.commit([entry(.actor, 1, [1])]) }?.code == .notConnected
        )
        #expect(await clusterError { _ = try await election.campaign(at: here) }?.code == .notConnected)
        try await server.start()
        let again = try await election.campaign(at: here)
        #expect(try await again.load().isEmpty)
        await again.close()
        #expect(losses.value.count == 1)
    }

    @Test("what is no address of etcd is refused", arguments: ["", "etcd", "ftp://a:1", "http://"])
    func addresses(text: String) {
        let error = #expect(throws: ClusterError.self) {
            try EtcdElection(endpoints: [text], cluster: "test")
        }
        #expect(error?.code == .invalidArgument && error?.hint != nil)
        #expect(throws: ClusterError.self) {
            try EtcdElection(endpoints: ["http://127.0.0.1:1"], cluster: "a/b")
        }
    }
}
