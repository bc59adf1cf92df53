import Distributed
import Foundation
import Manta
import MantaTestSupport
import Synchronization
import Testing

private let guestVariable = "MANTA_TEST_GUEST"

/// What another driver does, which is this program again: see `ObjectGuestTests`.
@Suite(
    "the part of a guest",
    .enabled(if: ProcessInfo.processInfo.environment[guestVariable] != nil),
    .timeLimit(.minutes(10))
)
struct ObjectGuest {
    @Test("a guest makes and reads objects until it is ended")
    func serve() async throws {
        // Never back to the other tests.
        defer { exit(0) }
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
        let guest = try GuestProcess(address: try #require(system.address))
        try await eventually {
            try #require(!guest.hasEnded, "the guest has ended by itself")
            let isPinned = try await system.objects().contains { $0.pins > 0 }
            return try await shelf.count == 5 ? isPinned : false
        }
        #expect(try await shelf.sum() == 3060)
        #expect(try await system.objects().count == 6)
        kill(guest.id, signal)
        try await eventually { guest.hasEnded }
        try await eventually { try await system.objects().count == 4 }
        let items = try await shelf.give()
        #expect(await clusterError { _ = try await items[3].get() }?.code == .ownerDied)
        #expect(try await items[4].get().count == 2000)
        #expect(try await shelf.sum(of: Array(items[..<3])) == 60)
    }

}

/// This program, started again as another driver.
private final class GuestProcess {
    let id: pid_t
    private var status: Int32?

    init(address: String) throws {
        let arguments = [
            "/proc/self/exe", "--testing-library", "swift-testing", "--filter", "ObjectGuest/serve",
        ]
        let environment = ProcessInfo.processInfo.environment
            .merging([guestVariable: "1", "MANTA_ADDRESS": address]) { $1 }
            .map { "\($0)=\($1)" }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        var id: pid_t = 0
        let error = withCStrings(arguments) { arguments in
            withCStrings(environment) { posix_spawn(&id, "/proc/self/exe", &actions, nil, arguments, $0) }
        }
        try #require(error == 0, "no guest was started")
        self.id = id
    }

    var hasEnded: Bool {
        var new: Int32 = 0
        if status == nil, waitpid(id, &new, WNOHANG) == id { status = new }
        return status != nil
    }

    deinit {
        guard !hasEnded else { return }
        kill(id, SIGKILL)
        var status: Int32 = 0
        waitpid(id, &status, 0)
    }
}

private func withCStrings<R>(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R) -> R {
    let copies = strings.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    return body(copies)
}
