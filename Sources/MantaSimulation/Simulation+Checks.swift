import MantaCore
import MantaGCS
import MantaRaylet
import MantaScheduling

// What has to hold when there are no more faults, and at the end.

extension Simulation {
    /// All has settled: what the directory says is what runs.
    mutating func checkCalm() {
        for id in audit.unfinished({ isSettled, _ in isSettled }) {
            audit.violate("the spawn of \(id) has not settled: \(fate(id))")
        }
        for info in plane.directory.actors() {
            guard let record = plane.directory.actor(info.id) else { continue }
            checkOwner(of: record)
            switch record.state {
            case .pending: audit.violate("\(record.id) is still pending")
            case .alive:
                if let node = record.node, !audit.runs(record.key, on: node) {
                    audit.violate("\(record.key) is alive on \(node) for the directory, and does not run")
                }
                if record.stopping != nil { audit.violate("\(record.key) was asked to stop, and has not") }
            case .restarting, .dead: break
            }
        }
        for (key, node) in audit.allRunning {
            let record = plane.directory.actor(key.id)
            // One that is built for the second time in a while may be on its way.
            guard record?.key == key, record?.node == node, record?.deathCause == nil else {
                audit.violate("\(key) runs on \(node) and is \(fate(key.id)) for the directory")
                continue
            }
        }
        for slot in machines.indices {
            guard let raylet = machines[slot].raylet else { continue }
            if !plane.membership.isMember(raylet.node) { audit.violate("\(raylet.node) is no member") }
        }
        checkProcesses()
        checkWaiting()
    }

    /// Nobody waits for what is free, and everybody is where it may be.
    mutating func checkPlacements() {
        let awaited = Set(plane.awaitedRaylets.map(\.node))
        let nodes = plane.scheduler.nodes()
        for demand in plane.scheduler.waitingDemands() {
            let request = demand.request
            for node in nodes where isAllowed(node, by: request.placement) && !awaited.contains(node.id) {
                let hasRoom = request.resources.quantities.allSatisfy {
                    $0.value <= node.available[$0.key] ?? 0
                }
                if hasRoom { audit.violate("\(request) waits, and \(node.id) has \(node.available)") }
            }
        }
        for info in plane.directory.actors() where info.state == .alive {
            guard let node = nodes.first(where: { $0.id == info.node }) else {
                audit.violate("\(info.id) is alive on a node that is no member")
                continue
            }
            if !isAllowed(node, by: info.options.placement) {
                audit.violate("\(info.id) is on \(node.id), against \(info.options.placement)")
            }
        }
    }

    private func isAllowed(_ node: NodeInfo, by placement: Placement) -> Bool {
        switch placement {
        case .automatic, .spread, .node(_, soft: true): true
        case .node(let wanted, soft: false): wanted == node.id
        case .labels(let labels): labels.allSatisfy { node.labels[$0.key] == $0.value }
        }
    }

    private mutating func checkOwner(of record: ActorRecord) {
        guard record.deathCause == nil, record.stopping == nil else { return }
        switch record.owner {
        case .job(let process):
            if process != Clients.host, !clients.isDriver(process) {
                audit.violate("\(record.id) lives, and the driver of its job has ended")
            }
        case .actor(let key):
            let owner = plane.directory.actor(key.id)
            if owner?.key != key || owner?.deathCause != nil {
                audit.violate("\(record.id) lives, and its owner \(key) has ended")
            }
        case nil: break
        }
    }

    private mutating func checkProcesses() {
        let workers = machines.compactMap(\.raylet).map { $0.workers.values.count { $0.isReady } }
        let drivers = clients.drivers.count { !$0.isEnded }
        let expected = workers.reduce(0, +) + drivers + 1
        let count = plane.directory.processCounts.alive
        if count != expected { audit.violate("the directory has \(count) processes, there are \(expected)") }
    }

    /// Nobody waits who should not.
    private mutating func checkWaiting() {
        for number in served.keys.sorted() {
            guard let entry = served[number] else { continue }
            switch entry.call.body {
            case .lifecycle, .news: if part < .silence { continue }
            default: break
            }
            audit.violate(
                "client call \(number) (\(entry.call.body.summary)) waits for "
                    + (entry.key.map { "\($0)" } ?? "nothing")
            )
        }
        for number in clients.open.keys.sorted() {
            guard let call = clients.open[number] else { continue }
            switch call.body {
            case .lifecycle, .news: if part < .silence { continue }
            default: break
            }
            audit.violate("client call \(number) (\(call.body.summary)) was never answered")
        }
        if !settledAtOnce.isEmpty {
            audit.violate("nobody asks how \(settledAtOnce.keys.map(\.description).sorted()) settled")
        }
    }

    private func fate(_ id: ActorID) -> String { "\(plane.directory.fate(of: id))" }

    /// Has every actor end: those of drivers with them, the others by a kill or a stop.
    mutating func endAll() {
        for driver in clients.drivers.indices { driverEnds(driver) }
        for info in plane.directory.actors() where info.state != .dead {
            if random.chance(perMille: 500) {
                ask(.kill(info.id, restart: false), driver: nil)
            } else {
                ask(.stop(info.id, within: .seconds(2)), driver: nil)
            }
        }
    }

    /// Everything has been given back, and nothing waits.
    mutating func checkAtEnd() {
        for job in plane.directory.jobs() where job.state != .ended || job.liveActors != 0 {
            audit.violate("the job of \(job.id) is \(job.state) with \(job.liveActors) actors")
        }
        for id in audit.unfinished({ $0 && $1 }) { audit.violate("\(id) has not ended: \(fate(id))") }
        for (key, node) in audit.allRunning { audit.violate("\(key) still runs on \(node)") }
        if plane.leaseCount != 0 { audit.violate("\(plane.leaseCount) leases are left") }
        if plane.waitingCount != 0 || plane.scheduler.waitingCount != 0 {
            audit.violate("\(plane.waitingCount) wait for resources")
        }
        if let next = plane.nextDeadline { audit.violate("a reminder is left for \(next.secondsText)") }
        if !calls.isEmpty { audit.violate("\(calls.count) calls at raylets are left") }
        checkProcesses()
        checkWaiting()
        checkMachines()
        for watcher in clients.watchers { check(watcher) }
    }

    private mutating func checkMachines() {
        for slot in machines.indices {
            guard let raylet = machines[slot].raylet else {
                audit.violate("machine \(slot) has no raylet")
                continue
            }
            let node = raylet.node
            if plane.scheduler.available(on: node) != raylet.total {
                let left = plane.scheduler.available(on: node).map { "\($0)" } ?? "nothing"
                audit.violate("\(left) of \(raylet.total) is free on \(node) for the scheduler")
            }
            if plane.scheduler.placementCount(on: node) != 0 {
                audit.violate("the scheduler has placements left on \(node)")
            }
            if raylet.leases.available != raylet.total || raylet.leases.count != 0 {
                audit.violate("\(node) has leases left: \(raylet.leases.all)")
            }
            for worker in raylet.workers.keys where raylet.pools.actorCount(in: worker) != 0 {
                audit.violate("\(node) has workers left that host nobody, and seem to")
            }
            let jobs = raylet.pools.jobs.subtracting([Clients.host])
            if !jobs.isEmpty {
                audit.violate(
                    "\(node) has workers of jobs that have ended: \(jobs.map(\.description).sorted())"
                )
            }
            if !raylet.isAtRest { audit.violate("\(node) still waits for something") }
            if !machines[slot].requests.isEmpty { audit.violate("\(node) still asks the GCS") }
        }
        let members = plane.scheduler.nodes().count
        if members != machines.count { audit.violate("there are \(members) nodes for the scheduler") }
    }

    private mutating func check(_ watcher: Clients.Watcher) {
        guard let record = plane.directory.actor(watcher.id) else { return }
        let told = record.lifecycle.news(after: watcher.first ?? 0).events
        if watcher.events != told {
            audit.violate("a watcher of \(watcher.id) was told \(watcher.events) and not \(told)")
        }
    }
}
