import CFloor
import Manta

/// Objects in a store whose memory nobody has used before. Measured once in each process: every round is a process of
/// its own.
struct ColdStoreBenchmarks {
    let cluster: ClusterSystem
    let effort: Effort
    let report: @Sendable (Figure, Double) -> Void

    func run() async throws {
        let byteCount = 100 << 20
        let count = effort.largePutCount
        let floor = try CopyFloor(byteCount: byteCount)
        let nanoseconds = try floor.freshNanoseconds(count: count)
        report(.floorFreshCopy, gigabytesPerSecond(byteCount * count, in: nanoseconds))

        let owner = try await cluster.spawn(Owner.self, options: ActorOptions(isolation: .process))
        let taken = try await owner.putRandom(byteCount: byteCount, count: count, keeping: true)
        report(.putLargeCold, gigabytesPerSecond(byteCount * count, in: taken))
    }
}
