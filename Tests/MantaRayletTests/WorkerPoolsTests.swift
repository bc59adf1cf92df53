import MantaCore
import MantaRaylet
import Testing

@Suite("worker pools of jobs")
struct WorkerPoolsTests {
    private let first = ProcessID(0xa00)
    private let second = ProcessID(0xb00)
    private func actor(_ number: UInt64) -> ActorID { .spawned(number, cluster: 1) }
    private func worker(_ number: UInt64) -> ProcessID { ProcessID(number) }

    /// A worker that was asked for is started and gets ready.
    private func ready(_ number: UInt64, of job: ProcessID, _ pools: inout WorkerPools) -> [WorkerPools
        .Action]
    {
        pools.started(worker(number), for: job)
        return pools.ready(worker(number))
    }

    @Test("jobs do not share workers, idle or shared")
    func apart() {
        var pools = WorkerPools(sharedLimit: 1, idleTarget: 1)
        #expect(pools.begin(first) == [.start(first, for: nil)])
        #expect(ready(1, of: first, &pools).isEmpty)
        // The idle worker is of the first job.
        #expect(
            pools.request(actor(1), .shared, of: second)
                == [.start(second, for: nil), .start(second, for: nil)]
        )
        #expect(ready(2, of: second, &pools) == [.assign(actor(1), worker(2))])
        #expect(pools.job(of: worker(1)) == first)
        #expect(pools.job(of: worker(2)) == second)
        #expect(pools.request(actor(2), .dedicated, of: first).contains(.assign(actor(2), worker(1))))
        #expect(pools.home(of: actor(1)) == worker(2))
        #expect(pools.dedicatedWorker(of: actor(2)) == worker(1))
        #expect(pools.jobs == [first, second])
    }

    @Test("when a job has ended, workers that host nothing are retired, and the others with their actors")
    func ends() {
        var pools = WorkerPools(sharedLimit: 2, idleTarget: 2)
        _ = pools.begin(first)
        _ = ready(1, of: first, &pools)
        _ = ready(2, of: first, &pools)
        #expect(pools.request(actor(1), .shared, of: first).contains(.assign(actor(1), worker(1))))
        pools.started(worker(3), for: first)
        // The second is idle, the third starts for nobody.
        #expect(pools.ended(job: first) == [.retire(worker(2)), .retire(worker(3))])
        #expect(pools.ended(job: first).isEmpty)
        #expect(pools.left(worker(2), .crashed(signal: 9, lastOutput: [])).isEmpty)
        #expect(pools.left(worker(3), .crashed(signal: 9, lastOutput: [])).isEmpty)
        #expect(pools.ended(actor(1)) == [.retire(worker(1))])
        #expect(pools.left(worker(1), .crashed(signal: 9, lastOutput: [])) == [.close(job: first)])
        #expect(pools.jobs.isEmpty)
    }

    @Test(
        "an actor that outlives its job is started again in a worker of it, and nothing is kept ready beside it"
    )
    func outlives() {
        var pools = WorkerPools(sharedLimit: 1, idleTarget: 2)
        #expect(pools.request(actor(1), .shared, of: first).count == 3)
        for number in 1...3 as ClosedRange<UInt64> { _ = ready(number, of: first, &pools) }
        #expect(pools.ended(job: first) == [.retire(worker(2)), .retire(worker(3))])
        for number in 2...3 as ClosedRange<UInt64> { _ = pools.left(worker(number), .killed) }
        // Its worker crashes; the next incarnation needs another.
        #expect(pools.left(worker(1), .crashed(signal: 4, lastOutput: [])) == [.close(job: first)])
        #expect(pools.ended(actor(1)).isEmpty)
        #expect(
            pools.request(actor(1), .shared, of: first) == Array(repeating: .start(first, for: nil), count: 3)
        )
        // The raylet has asked, and was told that the job has ended.
        pools.started(worker(4), for: first)
        #expect(pools.ended(job: first).isEmpty)
        #expect(
            pools.ready(worker(4)) == [.assign(actor(1), worker(4))]
        )
        // Starts that were asked for before that.
        pools.started(worker(5), for: first)
        #expect(pools.ready(worker(5)) == [.retire(worker(5))])
        #expect(pools.startFailed(for: first, .killed).isEmpty)
        #expect(pools.left(worker(5), .killed).isEmpty)
        #expect(pools.ended(actor(1)) == [.retire(worker(4))])
    }

    @Test(
        "a job that ends while an actor of it waits gives the actor its worker, and retires it if it is withdrawn"
    )
    func waiting() {
        var pools = WorkerPools(sharedLimit: 1, idleTarget: 0)
        #expect(pools.request(actor(1), .shared, of: first) == [.start(first, for: nil)])
        #expect(pools.ended(job: first).isEmpty)
        pools.started(worker(1), for: first)
        #expect(pools.withdraw(actor(1)) == [.retire(worker(1))])
        #expect(pools.ready(worker(1)).isEmpty)
        #expect(pools.left(worker(1), .killed) == [.close(job: first)])
    }

    @Test("the end of a job of which nothing is here says nothing, also later")
    func unknown() {
        var pools = WorkerPools(sharedLimit: 1, idleTarget: 0)
        #expect(pools.ended(job: first).isEmpty)
        #expect(pools.withdraw(actor(1)).isEmpty)
        #expect(pools.ended(actor(1)).isEmpty)
        #expect(pools.left(worker(1), .killed).isEmpty)
        #expect(pools.request(actor(1), .shared, of: first) == [.start(first, for: nil)])
        _ = ready(1, of: first, &pools)
        #expect(pools.ended(actor(1)).isEmpty)
        #expect(pools.jobs == [first])
    }

    @Test("an actor that is refused leaves nothing behind in an ended job")
    func refused() {
        var pools = WorkerPools(sharedLimit: 1, idleTarget: 0)
        #expect(pools.request(actor(1), .fresh, of: first) == [.start(first, for: actor(1))])
        #expect(pools.ended(job: first).isEmpty)
        #expect(
            pools.startFailed(for: first, .exited(code: 1))
                == [.refuse(actor(1), .exited(code: 1)), .close(job: first)]
        )
        #expect(pools.ended(actor(1)).isEmpty)
        #expect(pools.jobs.isEmpty)
    }
}
