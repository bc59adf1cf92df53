import MantaCore
import MantaGCS

// What goes wrong, and what is asked for.

extension Simulation {
    mutating func fault() {
        guard part == .faults else { return }
        let mean = rates.faultInterval.components
        let interval = Int64(mean.seconds) * 1_000_000 + mean.attoseconds / 1_000_000_000_000
        queue.insert(.fault, at: after(random.duration(microseconds: interval / 2...interval * 3 / 2)))
        if options.isStored, !head.isDown, random.chance(perMille: 60) { return headCrashes() }
        if random.chance(perMille: 20) { return cutHead() }
        let slot = Int.random(in: machines.indices, using: &random)
        guard let raylet = machines[slot].raylet else { return }
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<55:
            let workers = raylet.workers.keys.sorted { $0.rawValue < $1.rawValue }
            guard let worker = workers.randomElement(using: &random) else { return }
            tell(worker, .dies(.crashed(signal: 11, lastOutput: [])), at: slot)
        case 55..<65:
            counts.killedRaylets += 1
            stopMachine(slot, isCrash: true)
        case 65..<75 where !machines[slot].isFrozen: freeze(slot)
        case 75..<87 where !machines[slot].isCut:
            cut(slot, for: random.duration(milliseconds: 100...7_000))
        case 87..<97:
            // Either side may see it first.
            counts.lostLinks += 1
            let session = machines[slot].session
            queue.insert(
                random.chance(perMille: 500)
                    ? .linkLostAtGCS(raylet.node, session: session)
                    : .linkLostAtRaylet(raylet.address, session: session),
                at: now
            )
        case 97..<100:
            guard !clients.watchers.isEmpty else { return }
            restartWatcher(Int.random(in: clients.watchers.indices, using: &random))
        default: break
        }
    }

    private mutating func freeze(_ slot: Int) {
        counts.frozenRaylets += 1
        trace("machine \(slot) freezes")
        let duration = random.duration(milliseconds: 100...7_000)
        machines[slot].isFrozen = true
        queue.insert(.thaw(slot), at: after(duration))
        losesLink(slot, ifLongerThan: duration)
    }

    /// The line of the head's machine fails: of its raylet it hears still.
    private mutating func cutHead() {
        counts.headCuts += 1
        let duration = random.duration(milliseconds: 100...30_000)
        trace("the head is cut off")
        for slot in machines.indices.dropFirst() where !machines[slot].isCut { cut(slot, for: duration) }
    }

    private mutating func cut(_ slot: Int, for duration: Duration) {
        counts.partitions += 1
        trace("machine \(slot) is cut off")
        machines[slot].isCut = true
        queue.insert(.heal(slot), at: after(duration))
        losesLink(slot, ifLongerThan: duration)
        let detection = random.duration(milliseconds: 1_000...2_000)
        if detection < duration {
            queue.insert(
                .linkLostAtRaylet(machines[slot].address, session: machines[slot].session),
                at: after(detection)
            )
        }
    }

    private mutating func losesLink(_ slot: Int, ifLongerThan duration: Duration) {
        let detection = random.duration(milliseconds: 1_000...2_000)
        guard detection < duration, let node = machines[slot].raylet?.node else { return }
        queue.insert(.linkLostAtGCS(node, session: machines[slot].session), at: after(detection))
    }

    // MARK: Work

    mutating func work() {
        guard part == .faults else { return }
        let mean = rates.workInterval.components
        let interval = Int64(mean.seconds) * 1_000_000 + mean.attoseconds / 1_000_000_000_000
        queue.insert(.work, at: after(random.duration(microseconds: 0...interval * 2)))
        let living = clients.drivers.indices.filter {
            clients.drivers[$0].hasJoined && !clients.drivers[$0].isEnded
        }
        guard let driver = living.randomElement(using: &random) else { return }
        clients.workCount += 1
        switch Int.random(in: 0..<100, using: &random) {
        case 0: burst(driver)
        case 1..<40: spawn(driver)
        case 40..<52: getOrSpawn(driver)
        case 52..<66: find(driver)
        case 66..<74: if let id = someActor() { ask(.kill(id, restart: false), driver: driver) }
        case 74..<82: if let id = someActor() { ask(.kill(id, restart: true), driver: driver) }
        case 82..<90:
            guard let id = someActor() else { return }
            let limit = Duration.seconds(Int.random(in: 0...3, using: &random))
            ask(.stop(id, within: limit), driver: driver)
        case 90..<98: if let id = someActor() { watch(id) }
        default: if random.chance(perMille: 300) { driverEnds(driver) }
        }
    }

    private mutating func someActor() -> ActorID? { clients.known.randomElement(using: &random) }

    private mutating func spawn(_ driver: Int) {
        var options = someOptions()
        if random.chance(perMille: 250) { options.name = someName() }
        let (request, isFromWorker) = someRequest(options, driver)
        let number = ask(.spawn(request), driver: isFromWorker ? nil : driver)
        if random.chance(perMille: 100) {
            let delay = random.duration(milliseconds: random.chance(perMille: 500) ? 0...20 : 0...2_000)
            queue.insert(.clientTimeout(call: number), at: after(delay))
        }
    }

    /// More actors at once than a raylet starts workers at a time, each with an environment of its own.
    private mutating func burst(_ driver: Int) {
        guard let node = nodes.randomElement(using: &random) else { return }
        for _ in 0..<12 {
            var options = someOptions()
            options.resources = [:]
            options.isolation = .process
            options.environment = ["A": "1"]
            options.placement = .node(node, soft: true)
            let (request, isFromWorker) = someRequest(options, driver)
            ask(.spawn(request), driver: isFromWorker ? nil : driver)
        }
    }

    private mutating func getOrSpawn(_ driver: Int) {
        let name = someName()
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            var options = someOptions()
            options.name = name
            let (request, isFromWorker) = someRequest(options, driver)
            let finder = Int.random(in: clients.finders.indices, using: &random)
            let number = ask(.getOrSpawn(request), driver: isFromWorker ? nil : driver, asker: finder)
            if random.chance(perMille: 150) {
                let delay = random.duration(milliseconds: 0...500)
                queue.insert(.clientTimeout(call: number), at: after(delay))
            }
        }
    }

    private mutating func find(_ driver: Int) {
        let name = QualifiedName(someName(), namespace: QualifiedName.defaultNamespace)
        let finder = Int.random(in: clients.finders.indices, using: &random)
        if let known = clients.finders[finder].entries[name] {
            counts.cachedFinds += 1
            clients.known.append(known)
        } else {
            ask(.find(name), driver: nil, asker: finder)
        }
    }

    private mutating func someName() -> String { "name-\(Int.random(in: 0..<5, using: &random))" }

    /// From the driver itself, or from an actor of which it has a reference; that one may have ended.
    private mutating func someRequest(
        _ options: ActorOptions,
        _ driver: Int
    ) -> (request: SpawnRequest, isFromWorker: Bool) {
        var spawner: ActorKey?
        if random.chance(perMille: 300), let id = someActor(), let record = plane.directory.actor(id) {
            spawner = ActorKey(id, epoch: max(1, record.spec.epoch - (random.chance(perMille: 50) ? 1 : 0)))
        }
        let request = SpawnRequest(
            mangledTypeName: "A",
            typeName: "A",
            arguments: [],
            options: options,
            caller: spawner == nil ? clients.drivers[driver].process : ProcessID(1 << 60),
            spawner: spawner
        )
        return (request, spawner != nil)
    }

    private mutating func someOptions() -> ActorOptions {
        var options = ActorOptions()
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<25: break
        case 25..<50: options.resources = [.cpu: 0.5]
        case 50..<75: options.resources = [.cpu: 1]
        case 75..<87: options.resources = [.cpu: 2]
        case 87..<97: options.resources = [.gpu: 1]
        default: options.resources = [.cpu: 1_000]
        }
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<5: options.isolation = .shared
        case 5: options.isolation = .thread
        case 6..<9: options.isolation = .process
        default:
            options.isolation = .process
            options.environment = ["A": "1"]
        }
        options.lifetime = [.job, .job, .spawner, .detached].randomElement(using: &random) ?? .job
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<3: options.restarts = .never
        case 3..<7:
            options.restarts = .upTo(
                Int.random(in: 1...3, using: &random),
                within: .seconds(Int.random(in: 2...20, using: &random))
            )
        default: options.restarts = .always
        }
        options.placement = somePlacement()
        options.placementTimeout = random.duration(milliseconds: 0...10_000)
        return options
    }

    private mutating func somePlacement() -> Placement {
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<4: .spread
        case 4..<7: .labels(["zone": random.chance(perMille: 500) ? "a" : "b"])
        case 7..<10:
            nodes.randomElement(using: &random).map { .node($0, soft: random.chance(perMille: 500)) }
                ?? .automatic
        default: .automatic
        }
    }
}
