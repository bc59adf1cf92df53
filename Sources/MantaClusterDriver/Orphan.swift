import Manta

/// What a program can do whose machine's node was lost, and is another one now, for a test that freezes its daemon.
struct Orphan {
    let cluster: ClusterSystem

    func run() async throws {
        let store = try await cluster.spawn(
            Store.self,
            options: ActorOptions(placement: .node(try await cluster.nodes()[0].id))
        )
        let words = try await cluster.put([UInt64](repeating: 7, count: 1_000))
        guard try await store.sum(words) == 7_000 else { throw Survival.Lost(name: "sum") }
        say("ready")
        while true {
            do {
                _ = try await cluster.put([UInt64](repeating: 7, count: 1_000))
                try await Task.sleep(for: .milliseconds(10))
            } catch let error as ClusterError where error.code == .notConnected {
                say("refused: \(error.message)")
                break
            }
        }
        // What is there can be read here, and large arguments go in frames.
        guard try await words.withSpan({ $0[999] }) == 7 else { throw Survival.Lost(name: "words") }
        let large = [UInt64](repeating: 1, count: 100_000)
        guard try await store.count(large) == 100_000 else { throw Survival.Lost(name: "count") }
        say("called")
    }
}
