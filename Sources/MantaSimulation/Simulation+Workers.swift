import MantaCore
import MantaGCS

// Workers: what reaches them, and what happens in them.

extension Simulation {
    /// What a raylet and its workers say to each other arrives, and in order, as long as both live.
    mutating func tell(_ worker: ProcessID, _ event: WorkerEvent, at slot: Int) {
        queue.insert(.worker(machines[slot].address, worker, event), at: after(.microseconds(50)))
    }

    private mutating func reply(_ event: RayletEvent, at slot: Int, after delay: Duration? = nil) {
        let delay = delay ?? random.duration(microseconds: 20...400)
        queue.insert(.raylet(machines[slot].address, event), at: after(delay))
    }

    mutating func workerStarts(_ worker: ProcessID, at slot: Int) {
        let address = machines[slot].address
        let time = after(random.duration(milliseconds: 20...300))
        queue.insert(.raylet(address, .workerStartTimeout(worker)), at: after(.seconds(30)))
        guard random.chance(perMille: rates.deathsAtStart) else {
            return queue.insert(.worker(address, worker, .starts), at: time)
        }
        // Some die at once, some hang until the raylet has had enough.
        if random.chance(perMille: 800) {
            queue.insert(.worker(address, worker, .dies(.exited(code: 1))), at: time)
        }
    }

    mutating func happen(_ event: WorkerEvent, in worker: ProcessID, at slot: Int) {
        guard let raylet = machines[slot].raylet, raylet.workers[worker]?.isAlive == true else {
            return lost(event, worker, at: slot)
        }
        switch event {
        case .starts: reply(.workerReady(worker), at: slot)
        case .create(let key):
            change(worker, at: slot) { $0.creating[key] = false }
            let outcome: InitOutcome =
                if random.chance(perMille: rates.initErrors) {
                    .throwsError
                } else if random.chance(perMille: rates.initCrashes) {
                    random.chance(perMille: 400) ? .succeedsAndCrashes : .crashes
                } else {
                    .succeeds
                }
            let duration =
                random.chance(perMille: rates.slowInits)
                ? random.duration(milliseconds: 100...8_000) : random.duration(microseconds: 100...5_000)
            queue.insert(
                .worker(machines[slot].address, worker, .initEnds(key, outcome)),
                at: after(duration)
            )
        case .initEnds(let key, let outcome): initEnds(key, outcome, raylet, worker, at: slot)
        case .end(let key):
            change(worker, at: slot) { worker in
                if worker.creating[key] != nil { worker.creating[key] = true }
                worker.hosted.remove(key)
            }
            audit.ends(key, at: machines[slot].address)
            reply(.hostEnded(key), at: slot)
        case .stop(let key, let limit):
            change(worker, at: slot) { $0.stopping.insert(key) }
            // What takes longer than this is cut off by the raylet.
            let most = (limit.components.seconds + (random.chance(perMille: 50) ? 5 : 0)) * 1_000_000
            queue.insert(
                .worker(machines[slot].address, worker, .stopEnds(key)),
                at: after(random.duration(microseconds: 100...max(200, most)))
            )
        case .stopEnds(let key):
            guard raylet.workers[worker]?.stopping.contains(key) == true else { return }
            change(worker, at: slot) { worker in
                worker.stopping.remove(key)
                worker.hosted.remove(key)
            }
            audit.ends(key, at: machines[slot].address)
            reply(.hostStopped(key), at: slot)
        case .dies(let cause): dies(worker, cause, at: slot)
        }
    }

    private mutating func initEnds(
        _ key: ActorKey,
        _ outcome: InitOutcome,
        _ raylet: SimulatedRaylet,
        _ worker: ProcessID,
        at slot: Int
    ) {
        guard let isEnded = raylet.workers[worker]?.creating[key] else { return }
        if outcome == .crashes { return dies(worker, .crashed(signal: 4, lastOutput: []), at: slot) }
        change(worker, at: slot) { $0.creating[key] = nil }
        if outcome == .throwsError { return reply(.initFailed(key), at: slot) }
        if !isEnded {
            change(worker, at: slot) { $0.hosted.insert(key) }
            trace("\(key) runs in \(worker)")
            audit.begins(key, on: raylet.node, at: machines[slot].address) {
                plane.membership.isMember($0)
            }
        }
        reply(.created(key, worker), at: slot)
        if outcome == .succeedsAndCrashes { dies(worker, .crashed(signal: 4, lastOutput: []), at: slot) }
    }

    private mutating func dies(_ worker: ProcessID, _ cause: DeathCause, at slot: Int) {
        guard let entry = machines[slot].raylet?.workers[worker] else { return }
        trace("\(worker) dies: \(cause)")
        counts.workerDeaths += 1
        change(worker, at: slot) { worker in
            worker.isAlive = false
            (worker.creating, worker.hosted, worker.stopping) = ([:], [], [])
        }
        for key in entry.hosted.inOrder { audit.ends(key, at: machines[slot].address) }
        // Its link closes.
        for key in Set(entry.creating.keys).inOrder {
            reply(.creationLost(key, worker, wasBegun: true), at: slot, after: .milliseconds(1))
        }
        for key in entry.stopping.inOrder { reply(.hostStopped(key), at: slot, after: .milliseconds(1)) }
        reply(.workerExited(worker, cause), at: slot, after: random.duration(microseconds: 50...20_000))
    }

    /// A call that finds no worker.
    private mutating func lost(_ event: WorkerEvent, _ worker: ProcessID, at slot: Int) {
        switch event {
        case .create(let key): reply(.creationLost(key, worker, wasBegun: false), at: slot)
        case .end(let key): reply(.hostEnded(key), at: slot)
        case .stop(let key, within: _): reply(.hostStopped(key), at: slot)
        case .starts, .initEnds, .stopEnds, .dies: break
        }
    }

    private mutating func change(
        _ worker: ProcessID,
        at slot: Int,
        _ body: (inout SimulatedWorker) -> Void
    ) {
        machines[slot].with { raylet in
            guard var entry = raylet.workers.removeValue(forKey: worker) else { return }
            body(&entry)
            raylet.workers[worker] = entry
        }
    }
}

extension Set<ActorKey> {
    /// By number: the order of a set is another in each run.
    var inOrder: [ActorKey] { sorted { ($0.id.serial, $0.epoch) < ($1.id.serial, $1.epoch) } }
}
