import Glibc
import Manta
import MantaTestSupport
import Testing

@Suite("drivers that join a cluster", .timeLimit(.minutes(10)))
struct JoinTests {
    @Test(
        "a second driver finds what the first has made; its job ends with it, detached actors stay",
        arguments: [SIGKILL, SIGTERM]
    )
    func job(signal: Int32) async throws {
        try await Turn.taken {
            let host = try await DriverProcess("host")
            defer { host.removeFolder() }
            let workers = try await host.workers()
            try await eventually { host.text.contains("address unix:") && host.text.hasSuffix("\n") }
            let line = try #require(host.text.split(separator: "\n").first { $0.hasPrefix("address ") })
            let address = String(line.dropFirst("address ".count))
            let guest = try await DriverProcess("join", environment: ["MANTA_ADDRESS": address])
            defer { guest.removeFolder() }
            #expect(try await guest.workers() == [workers[0]])
            guest.signal(signal)
            #expect(try await guest.end() == -signal)
            #expect(try await host.end() == 0)
            #expect(host.text.contains("the job has ended"))
            #expect(try await host.leavesNothing(workers: workers))
        }
    }

    @Test("a driver that has ended has left its actors' names to the next")
    func visits() async throws {
        try await Turn.taken {
            let host = try await DriverProcess("host")
            defer { host.removeFolder() }
            try await eventually { host.text.contains("address unix:") && host.text.hasSuffix("\n") }
            let line = try #require(host.text.split(separator: "\n").first { $0.hasPrefix("address ") })
            for _ in 0..<8 {
                let guest = try await DriverProcess(
                    "visit",
                    environment: ["MANTA_ADDRESS": String(line.dropFirst("address ".count))]
                )
                defer { guest.removeFolder() }
                #expect(try await guest.end() == 0, "\(guest.text)")
            }
            host.signal(SIGTERM)
            #expect(try await host.end() == -SIGTERM)
        }
    }

    @Test("an address of nothing is named, with a remedy", arguments: ["nonsense", "unix:/nowhere/at/all"])
    func nowhere(address: String) async throws {
        try await Turn.taken {
            let guest = try await DriverProcess("join", environment: ["MANTA_ADDRESS": address])
            defer { guest.removeFolder() }
            #expect(try await guest.end() != 0)
            #expect(guest.text.contains(address))
            #expect(guest.text.contains("Hint:"))
        }
    }

    @Test("a cluster that has ended without cleaning up is no cluster")
    func abandoned() async throws {
        try await Turn.taken {
            let host = try await DriverProcess("host")
            defer { host.removeFolder() }
            try await eventually { host.text.contains("address unix:") && host.text.hasSuffix("\n") }
            let line = try #require(host.text.split(separator: "\n").first { $0.hasPrefix("address ") })
            host.signal(SIGKILL)
            _ = try await host.end()
            let guest = try await DriverProcess(
                "join",
                environment: ["MANTA_ADDRESS": String(line.dropFirst("address ".count))]
            )
            defer { guest.removeFolder() }
            #expect(try await guest.end() != 0)
            #expect(guest.text.contains("does not answer"))
        }
    }
}
