import Manta

distributed actor Counter: Spawnable {
    private var value = 0

    init(_ arguments: NoArguments, actorSystem: ClusterSystem) async throws { self.actorSystem = actorSystem }

    distributed func increment(by step: Int) -> Int {
        value += step
        return value
    }
}
