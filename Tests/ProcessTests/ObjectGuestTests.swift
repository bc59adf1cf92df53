import Distributed
import Foundation
import Manta
import MantaTestSupport
import Synchronization
import Testing

/// What another driver does, which is this program again: see `GuestProcess`.
@Suite("the part of a guest", .enabled(if: GuestPart.own != nil), .timeLimit(.minutes(10)))
struct ObjectGuest {
    @Test("a guest does its part until it is ended")
    func serve() async throws {
        // Never back to the other tests.
        defer { exit(0) }
        switch GuestPart.own {
        case .borrow: try await borrow()
        case .spill: try await spill()
        case .settings: try await settings()
        case nil: break
        }
    }

    private func borrow() async throws {
        try await ClusterSystem.run { system in
            let shelf = try await system.find(Shelf.self, named: "shelf")
            guard try await shelf.sum(of: try await shelf.give()) == 60 else { exit(3) }
            let read = try await shelf.give()
            guard try await read[0].withSpan({ $0.count }) == 10 else { exit(4) }
            let own = try await system.bytes(1000)
            let lasting = try await system.bytes(2000, owner: .node)
            let parcel = try await system.put(Holder.Parcel(label: "guest", items: [own, lasting] + read))
            try await shelf.keep([own, lasting])
            guard try await shelf.weigh([UInt8](repeating: 1, count: 1 << 20)) == 1 << 20 else { exit(5) }
            // Still in hand, and pinned, when it ends.
            try await parcel.withBytes { _ in
                while true { sleep(1) }
            }
        }
    }

    private func spill() async throws {
        try await ClusterSystem.run { system in
            var items: [Shelf.Item] = []
            for byte in 0..<8 { items.append(try await system.bytes(2 << 20, of: UInt8(byte))) }
            try await eventually { try await system.objects().count { $0.copy == .spilled } > 2 }
            write("spilled")
            try await Task.sleep(for: .seconds(600))
            #expect(items.count == 8)
        }
    }

    private func settings() async throws {
        let configuration = ClusterConfiguration.default
        let error = await clusterError { await (try ClusterSystem.connect()).shutdown() }
        let code = error.map { "\($0.code): \($0.message)" } ?? "none"
        write("\(configuration.storeCapacity)|\(configuration.spillDirectory ?? "nil")|\(code)")
    }

    private func write(_ text: String) {
        guard let path = GuestPart.environment(GuestPart.outputVariable) else { return }
        try? text.write(toFile: path, atomically: true, encoding: .utf8)
    }
}

@Suite("objects of drivers that join", .timeLimit(.minutes(10)))
struct ObjectGuestTests {
    @Test(
        "the objects of a driver that is killed end with it, what it borrowed is given back",
        arguments: [SIGKILL, SIGTERM]
    )
    func killed(signal: Int32) async throws {
        try await withCluster { test in
            let system = test.system
            let options = ActorOptions(name: "shelf", isolation: .process)
            let shelf = try await system.spawn(Shelf.self, Shelf.Arguments(), options: options)
            try await meetGuest(shelf, system, signal)
            try await shelf.drop()
            try await system.expectNothingLeft()
        }
    }

    private func meetGuest(_ shelf: Shelf, _ system: ClusterSystem, _ signal: Int32) async throws {
        try await shelf.keep([
            try await system.bytes(10), try await system.bytes(20), try await system.bytes(30),
        ])
        let guest = try GuestProcess(.borrow, ["MANTA_ADDRESS": try #require(system.address)])
        try await eventually {
            try #require(!guest.hasEnded, "the guest has ended by itself")
            let isPinned = try await system.objects().contains { $0.pins > 0 }
            return try await shelf.count == 5 ? isPinned : false
        }
        #expect(try await shelf.sum() == 3060)
        try await eventually { try await system.objects().count == 6 }
        kill(guest.id, signal)
        try await eventually { guest.hasEnded }
        try await eventually { try await system.objects().count == 4 }
        let items = try await shelf.give()
        #expect(await clusterError { _ = try await items[3].get() }?.code == .ownerDied)
        #expect(try await items[4].get().count == 2000)
        #expect(try await shelf.sum(of: Array(items[..<3])) == 60)
    }

}

@Suite("programs whose stores are set up by their environment", .timeLimit(.minutes(10)))
struct ObjectSettingsTests {
    @Test("the files of a program that was killed are removed by the next one with the same folder")
    func sweep() async throws {
        try await withSpillFolder { folder in
            try await Turn.taken {
                let variables = ["MANTA_STORE_CAPACITY": "8MiB", "MANTA_SPILL_DIRECTORY": folder]
                let first = try await runSpilling(variables)
                #expect(try files(in: folder).count { $0.hasPrefix("object-") } > 2)
                kill(first.id, SIGKILL)
                try await eventually { first.hasEnded }
                #expect(try !files(in: folder).isEmpty)
                let second = try await runSpilling(variables)
                #expect(try folders(in: folder).count == 1)
                kill(second.id, SIGTERM)
                try await eventually { second.hasEnded }
            }
        }
    }

    private func runSpilling(_ variables: [String: String]) async throws -> GuestProcess {
        let output = ScratchFile()
        let guest = try GuestProcess(
            .spill,
            variables.merging([GuestPart.outputVariable: output.path]) { $1 }
        )
        try await eventually {
            try #require(!guest.hasEnded, "the guest has ended by itself")
            return output.lines == ["spilled"]
        }
        return guest
    }

    private func folders(in path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path)
    }

    private func files(in path: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: path).map {
            String($0.split(separator: "/").last ?? "")
        }
    }

    @Test(
        "capacity and folder are what the environment says, or refused by name",
        arguments: [
            ("512MiB", "/tmp", "536870912|/tmp|none"),
            ("1GiB", "none", "1073741824|nil|none"),
            ("1048576", "/tmp", "1048576|/tmp|none"),
            ("2048KiB", "/tmp", "2097152|/tmp|none"),
            ("1000", "/tmp", "invalidArgument"),
            ("0", "/tmp", "MANTA_STORE_CAPACITY=0"),
            ("-1", "/tmp", "MANTA_STORE_CAPACITY=-1"),
            ("8 GiB", "/tmp", "MANTA_STORE_CAPACITY=8 GiB"),
            ("99999999999999GiB", "/tmp", "MANTA_STORE_CAPACITY="),
            ("lots", "/tmp", "MANTA_STORE_CAPACITY=lots"),
            ("", "/tmp", "MANTA_STORE_CAPACITY"),
            ("1MiB", "", "MANTA_SPILL_DIRECTORY"),
        ]
    )
    func settings(capacity: String, folder: String, expected: String) async throws {
        let output = ScratchFile()
        let variables = [
            "MANTA_STORE_CAPACITY": capacity, "MANTA_SPILL_DIRECTORY": folder,
            GuestPart.outputVariable: output.path,
        ]
        try await Turn.taken {
            let guest = try GuestProcess(.settings, variables)
            try await eventually { guest.hasEnded }
        }
        let line = try #require(output.lines.first)
        #expect(line.contains(expected))
        #expect(expected.contains("|") || line.contains("invalidArgument"))
    }
}
