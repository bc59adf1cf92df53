import Glibc
import Manta

/// Tells of the process that it is in.
distributed actor Witness: Spawnable {
    struct Testimony: Codable, Sendable {
        var processID: Int32
        /// The executable that runs.
        var program: String
        var arguments: [String]
        /// What the variable `WITNESS` says.
        var variable: String?
        var workingDirectory: String
    }

    init(_ arguments: NoArguments, actorSystem: ClusterSystem) async throws { self.actorSystem = actorSystem }

    distributed func testify() -> Testimony {
        print("words of process \(getpid())")
        return Testimony(
            processID: getpid(),
            program: Self.text { readlink("/proc/self/exe", $0, $1) },
            arguments: CommandLine.arguments,
            variable: getenv("WITNESS").map { String(cString: $0) },
            workingDirectory: Self.text { getcwd($0, $1).map { strlen($0) } ?? 0 }
        )
    }

    private static func text(_ fill: (UnsafeMutablePointer<CChar>, Int) -> Int) -> String {
        String(
            decoding: [CChar](unsafeUninitializedCapacity: 4096) { buffer, count in
                count = buffer.baseAddress.map { max(0, fill($0, 4096)) } ?? 0
            }.map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
    }
}

extension ClusterDriver {
    /// On each node a witness in a shared worker, and one in a worker of its own; then waits to be killed, or ends.
    static func witnesses(_ cluster: ClusterSystem, holds: Bool) async throws {
        for node in try await cluster.nodes() {
            for isolation in [Isolation.shared, .process] {
                let options = ActorOptions(isolation: isolation, placement: .node(node.id))
                let words = try await cluster.spawn(Witness.self, options: options).testify()
                say(
                    "witness \(words.processID) of \(words.program) in \(words.workingDirectory)"
                        + " with \(words.arguments.dropFirst().joined(separator: " ")), \(words.variable ?? "-")"
                )
            }
        }
        for job in try await cluster.jobs() {
            say(
                "job \(job.driverProcessID) \(job.state) with \(job.liveActors) actors of \(job.program.map { "\($0)" } ?? "-")"
            )
        }
        say("all heard")
        if holds { try await Task.sleep(for: .seconds(600)) }
    }
}
