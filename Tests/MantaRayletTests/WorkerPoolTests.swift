import MantaCore
import MantaRaylet
import Testing

@Suite("worker pool")
struct WorkerPoolTests {
    private func actor(_ number: UInt64) -> ActorID { .spawned(number, cluster: 1) }
    private func worker(_ number: UInt64) -> ProcessID { ProcessID(number) }

    /// A pool without spare workers, so that every start has a request behind it.
    private func makePool(sharedLimit: Int = 1, idleTarget: Int = 0, startingLimit: Int = 8) -> WorkerPool {
        WorkerPool(sharedLimit: sharedLimit, idleTarget: idleTarget, startingLimit: startingLimit)
    }

    /// A pool whose first `count` workers are idle.
    private func makePool(idle count: Int, sharedLimit: Int = 1) -> WorkerPool {
        var pool = makePool(sharedLimit: sharedLimit, idleTarget: count)
        #expect(pool.begin() == Array(repeating: .start(for: nil), count: count))
        for number in 1...UInt64(count) {
            pool.started(worker(number))
            #expect(pool.ready(worker(number)).isEmpty)
        }
        return pool
    }

    // MARK: Starting

    @Test("the pool begins with its idle workers, and no more than may start at once")
    func begin() {
        var pool = makePool(idleTarget: 3)
        #expect(pool.begin() == [.start(for: nil), .start(for: nil), .start(for: nil)])
        #expect(pool.begin().isEmpty)
        var bounded = makePool(idleTarget: 30, startingLimit: 2)
        #expect(bounded.begin().count == 2)
        bounded.started(worker(1))
        #expect(bounded.ready(worker(1)) == [.start(for: nil)])
    }

    @Test("a request that finds no worker starts one, and gets it when it is ready")
    func startForRequest() {
        var pool = makePool()
        #expect(pool.request(actor(1), .shared) == [.start(for: nil)])
        #expect(pool.waitingCount == 1)
        pool.started(worker(7))
        #expect(pool.home(of: actor(1)) == nil)
        #expect(pool.ready(worker(7)) == [.assign(actor(1), worker(7))])
        #expect(pool.home(of: actor(1)) == worker(7))
        #expect(pool.waitingCount == 0)
    }

    @Test("a request that has a start behind it does not start another")
    func noSecondStart() {
        var pool = makePool(idleTarget: 1)
        #expect(pool.begin() == [.start(for: nil)])
        #expect(pool.request(actor(1), .shared) == [.start(for: nil)])
        pool.started(worker(1))
        pool.started(worker(2))
        #expect(pool.ready(worker(1)) == [.assign(actor(1), worker(1))])
        #expect(pool.ready(worker(2)).isEmpty)
    }

    @Test("no more workers start at once than the limit, however many requests there are")
    func startingLimit() {
        var pool = makePool(startingLimit: 3)
        let starts = (1...20).flatMap { pool.request(actor($0), .dedicated) }
        #expect(starts == [.start(for: nil), .start(for: nil), .start(for: nil)])
        pool.started(worker(1))
        #expect(pool.ready(worker(1)) == [.assign(actor(1), worker(1)), .start(for: nil)])
    }

    @Test("a second report that a worker is ready, or one about a process that is none, changes nothing")
    func readyTwice() {
        var pool = makePool(idle: 1)
        #expect(pool.ready(worker(1)).isEmpty)
        #expect(pool.ready(worker(99)).isEmpty)
        #expect(pool.left(worker(99), .stopped).isEmpty)
        #expect(pool.workerCount == 1)
    }

    // MARK: Shared

    @Test("actors share workers only when as many are shared as may be, the least loaded first")
    func sharing() {
        var pool = makePool(idle: 3, sharedLimit: 2)
        #expect(pool.request(actor(1), .shared).contains(.assign(actor(1), worker(1))))
        #expect(pool.request(actor(2), .shared).contains(.assign(actor(2), worker(2))))
        #expect(pool.request(actor(3), .shared).contains(.assign(actor(3), worker(1))))
        #expect(pool.request(actor(4), .shared).contains(.assign(actor(4), worker(2))))
        #expect(pool.actors(in: worker(1)) == [actor(1), actor(3)])
        #expect(pool.ended(actor(1)).isEmpty)
        #expect(pool.ended(actor(3)).isEmpty)
        #expect(pool.request(actor(5), .shared) == [.assign(actor(5), worker(1))])
        #expect(pool.request(actor(6), .shared) == [.assign(actor(6), worker(1))])
    }

    @Test("a shared worker outlives its actors")
    func sharedStays() {
        var pool = makePool(idle: 1)
        #expect(pool.request(actor(1), .shared) == [.assign(actor(1), worker(1)), .start(for: nil)])
        #expect(pool.dedicatedWorker(of: actor(1)) == nil)
        #expect(pool.ended(actor(1)).isEmpty)
        #expect(pool.home(of: actor(1)) == nil)
        #expect(pool.request(actor(2), .shared) == [.assign(actor(2), worker(1))])
    }

    // MARK: Dedicated and fresh

    @Test("a dedicated worker hosts one actor, and is retired with it")
    func dedicated() {
        var pool = makePool(idle: 1)
        #expect(pool.request(actor(1), .dedicated) == [.assign(actor(1), worker(1)), .start(for: nil)])
        #expect(pool.dedicatedWorker(of: actor(1)) == worker(1))
        pool.started(worker(2))
        _ = pool.ready(worker(2))
        #expect(pool.request(actor(2), .shared).contains(.assign(actor(2), worker(2))))
        #expect(pool.ended(actor(1)) == [.retire(worker(1))])
        #expect(pool.ended(actor(1)).isEmpty)
        // While it ends, it hosts nobody.
        #expect(!pool.request(actor(3), .dedicated).contains(.assign(actor(3), worker(1))))
        _ = pool.left(worker(1), .exited(code: 0))
        #expect(pool.workerCount == 1)
    }

    @Test("a fresh worker is started for its actor alone, even if others are idle")
    func fresh() {
        var pool = makePool(idle: 2)
        #expect(pool.request(actor(1), .fresh) == [.start(for: actor(1))])
        pool.started(worker(3))
        #expect(pool.request(actor(2), .dedicated).contains(.assign(actor(2), worker(1))))
        #expect(pool.ready(worker(3)).contains(.assign(actor(1), worker(3))))
        #expect(pool.dedicatedWorker(of: actor(1)) == worker(3))
        #expect(pool.ended(actor(1)) == [.retire(worker(3))])
    }

    @Test("a worker that was started for one actor goes to no other, even if that actor no longer wants it")
    func withdrawnFresh() {
        var pool = makePool(idleTarget: 1)
        #expect(pool.request(actor(1), .fresh) == [.start(for: actor(1)), .start(for: nil)])
        pool.started(worker(1))
        pool.withdraw(actor(1))
        // It has the environment of the actor that is gone.
        #expect(pool.ready(worker(1)) == [.retire(worker(1))])
        #expect(!pool.request(actor(2), .shared).contains(.assign(actor(2), worker(1))))
        #expect(!pool.request(actor(3), .dedicated).contains(.assign(actor(3), worker(1))))
        _ = pool.left(worker(1), .exited(code: 0))
    }

    // MARK: Ends

    @Test("a withdrawn request gets no worker; the worker goes to the next")
    func withdraw() {
        var pool = makePool()
        #expect(pool.request(actor(1), .dedicated) == [.start(for: nil)])
        pool.withdraw(actor(1))
        #expect(pool.waitingCount == 0)
        pool.started(worker(1))
        #expect(pool.ready(worker(1)).isEmpty)
        #expect(pool.request(actor(2), .dedicated) == [.assign(actor(2), worker(1))])
    }

    @Test("a worker that ends takes its actors with it, and idle ones are replaced")
    func left() {
        var pool = makePool(idle: 2)
        _ = pool.request(actor(1), .shared)
        _ = pool.request(actor(2), .shared)
        #expect(pool.actors(in: worker(1)) == [actor(1), actor(2)])
        #expect(pool.left(worker(1), .crashed(signal: 6, lastOutput: [])).isEmpty)
        #expect(pool.home(of: actor(1)) == nil)
        #expect(pool.home(of: actor(2)) == nil)
        #expect(pool.ended(actor(1)).isEmpty)
        #expect(pool.left(worker(2), .exited(code: 1)) == [.start(for: nil)])
    }

    // MARK: Failing starts

    @Test("a worker that ends while it starts refuses the actor that waits for it, and is not started again")
    func startEnds() {
        var pool = makePool(idleTarget: 2)
        #expect(pool.begin().count == 2)
        #expect(pool.request(actor(1), .shared) == [.start(for: nil)])
        for number in 1...3 as ClosedRange<UInt64> { pool.started(worker(number)) }
        #expect(pool.left(worker(1), .exited(code: 3)) == [.refuse(actor(1), .exited(code: 3))])
        #expect(pool.left(worker(2), .exited(code: 3)).isEmpty)
        #expect(pool.left(worker(3), .exited(code: 3)).isEmpty)
        #expect(pool.workerCount == 0)
        // A new request tries again.
        #expect(pool.request(actor(2), .shared) == [.start(for: nil)])
        pool.started(worker(4))
        // A start that succeeds makes up for those that were left out.
        #expect(pool.ready(worker(4)) == [.assign(actor(2), worker(4)), .start(for: nil), .start(for: nil)])
    }

    @Test("a start that cannot be carried out refuses the actor that waits for it")
    func startFailed() {
        var pool = makePool()
        _ = pool.request(actor(1), .fresh)
        _ = pool.request(actor(2), .shared)
        #expect(pool.startFailed(.initFailed("no memory")) == [.refuse(actor(1), .initFailed("no memory"))])
        #expect(pool.startFailed(.exited(code: 1)) == [.refuse(actor(2), .exited(code: 1))])
        #expect(pool.waitingCount == 0)
    }

    @Test("a failing start for nobody does not refuse an actor that has a start of its own")
    func freshIsNotRefusedForOthers() {
        var pool = makePool(idleTarget: 1)
        #expect(pool.request(actor(1), .fresh) == [.start(for: actor(1)), .start(for: nil)])
        pool.started(worker(1))
        pool.started(worker(2))
        #expect(pool.left(worker(2), .exited(code: 3)).isEmpty)
        #expect(pool.ready(worker(1)).contains(.assign(actor(1), worker(1))))
    }

    @Test("requests that wait for a place among the starts are served after a start for nobody fails")
    func nobodyIsStranded() {
        var pool = makePool(startingLimit: 1)
        #expect(pool.request(actor(1), .fresh) == [.start(for: actor(1))])
        #expect(pool.request(actor(2), .shared).isEmpty)
        pool.withdraw(actor(1))
        pool.started(worker(1))
        #expect(pool.left(worker(1), .exited(code: 3)) == [.start(for: nil)])
        pool.started(worker(2))
        #expect(pool.ready(worker(2)) == [.assign(actor(2), worker(2))])
    }
}
