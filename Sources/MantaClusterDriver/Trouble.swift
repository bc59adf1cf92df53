import Glibc
import Manta

/// Ends its process when it is asked to.
distributed actor Bomb: Spawnable {
    init(_ arguments: NoArguments, actorSystem: ClusterSystem) async throws { self.actorSystem = actorSystem }

    distributed func explode() {
        print("about to explode")
        fflush(nil)
        abort()
    }
}

/// A job that takes all processors, wants more, has a worker crash, and keeps an object.
struct Trouble: Sendable {
    let cluster: ClusterSystem

    /// Waits to be ended.
    func run() async throws {
        let bomb = try await cluster.spawn(
            Bomb.self,
            options: ActorOptions(name: "bomb", isolation: .process)
        )
        try? await bomb.explode()
        let processors = try await cluster.resources().total[.cpu] ?? 0
        _ = try await cluster.spawn(
            Counter.self,
            options: ActorOptions(name: "holder", resources: [.cpu: processors])
        )
        let object = try await cluster.put([Double](repeating: 1, count: 1 << 17))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    let options = ActorOptions(resources: [.cpu: 1], placementTimeout: .seconds(600))
                    _ = try await withCallOptions(timeout: .seconds(600)) {
                        try await cluster.spawn(Counter.self, options: options)
                    }
                }
            }
            say("in trouble")
            try await group.waitForAll()
        }
        _ = try await object.get()
    }
}
