import Glibc
import MantaTestSupport
import Testing

/// Real processes that are killed while they change a store.
@Suite("Killing processes that share an object store")
struct TortureTests {
    private func run(_ arguments: [String], for seconds: Int = 0) async throws {
        try await withLedger {
            let torture = try TortureProcess(arguments)
            let end = try await torture.end(within: .seconds(seconds + 240))
            #expect(end == .exited(0), "\(torture.printed())")
            print(
                "manta-store-torture \(arguments.joined(separator: " ")):\n\(torture.printed())",
                terminator: ""
            )
        }
    }

    @Test("a death after any single store leaves the store as before or after the operation")
    func everyStep() async throws { try await run(["steps"]) }

    /// `MANTA_STORE_TORTURE_SECONDS` makes it longer.
    @Test("deaths at random instants harm nobody else, and nothing is left in the end")
    func randomInstants() async throws {
        let seconds = getenv("MANTA_STORE_TORTURE_SECONDS").flatMap { Int(String(cString: $0)) } ?? 20
        try await run(["run", String(seconds)], for: seconds)
    }

    @Test(
        "so it is where the system has less memory than the store would take: nobody meets SIGBUS",
        .enabled(if: SmallFileSystem.isPossible, "needs to mount a small file system")
    )
    func withoutMemory() async throws {
        let system = try SmallFileSystem(byteCount: 8 << 20)
        try await run(["scarce", system.path])
        try await run(["run", "8", "\(UInt32.random(in: 1 ... .max))", system.path], for: 8)
    }
}
