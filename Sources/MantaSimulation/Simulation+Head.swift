import MantaCore
import MantaGCS

// The head as a process: what it decides is told when it is durable, and a crash loses what is not.

extension Simulation {
    /// Tells this when all that has been decided so far is durable.
    mutating func tell(_ news: [SimulatedHead.News]) {
        let isDurable = !plane.hasChanges && head.line.isEmpty
        if !options.isStored || isDurable || options.plantedBug == .tellsEarly {
            for item in news { perform(item) }
            if !plane.hasChanges { return }
        }
        if head.line.decided(options.plantedBug == .tellsEarly ? [] : news) { head.mustWrite = true }
    }

    /// Begins to write what has been decided in this turn of the lane.
    mutating func writeIfDue() {
        guard head.mustWrite else { return }
        head.mustWrite = false
        write()
    }

    private mutating func write() {
        guard head.line.begin() else { return }
        counts.commits += 1
        let changes: [StoredEntry]
        do { changes = try plane.takeChanges(at: SimulatedHead.clock(now)).entries() } catch {
            return audit.violate("what is decided cannot be stored: \(error)")
        }
        head.begin(changes.filter { options.plantedBug != .losesEndings || $0.key.kind != .ending })
        let delay =
            random.chance(perMille: 30)
            ? random.duration(milliseconds: 20...400) : random.duration(microseconds: 100...4_000)
        queue.insert(.written(head.number), at: after(delay))
    }

    mutating func written(_ number: UInt64) {
        guard number == head.number, !head.isDown else { return }
        head.finish()
        for item in head.line.written().actions { perform(item) }
        head.mustWrite = true
    }

    private mutating func perform(_ news: SimulatedHead.News) {
        switch news {
        case .action(let action, let record, let decided): perform(action, record, decided: decided)
        case .request(let request, let answer): self.answer(request, answer)
        case .client(let call, let answer): send(answer, to: call)
        case .driverJoined(let driver): clients.drivers[driver].hasJoined = true
        case .audit(let note): take(note)
        }
    }

    private mutating func take(_ note: SimulatedHead.Note) {
        switch note {
        case .accepted(let record): audit.accepted(record)
        case .nameTaken(let name): audit.nameTaken(name)
        case .noSuchName(let name): audit.noSuchName(name)
        case .killed(let key): audit.killed(key) { plane.membership.isMember($0) }
        }
    }

    // MARK: Crashes

    /// The process of the head is killed, at any moment of what it does.
    mutating func headCrashes() {
        counts.headCrashes += 1
        trace("the head crashes")
        // What was being written may be durable, and nobody was told.
        if random.chance(perMille: 500) {
            head.finish()
            for item in head.line.written().actions { note(item) }
        }
        head.crash()
        (calls, served, waits, settledAtOnce, links) = ([:], [:], [:], [:], [:])
        resumed = []
        alarm = .distantFuture
        plane = head.plane(seed: random.next(), now: now)
        audit.headStarts(plane.directory.actors().compactMap { plane.directory.actor($0.id) })
        for slot in machines.indices where machines[slot].raylet != nil {
            let delay = random.duration(milliseconds: machines[slot].isCut ? 1_000...2_000 : 1...100)
            queue.insert(
                .linkLostAtRaylet(machines[slot].address, session: machines[slot].session),
                at: after(delay)
            )
        }
        for number in clients.open.keys.sorted() {
            queue.insert(.clientTimeout(call: number), at: after(random.duration(milliseconds: 1...100)))
        }
        // Mostly it is back before anybody gives up, sometimes not.
        let isLong = random.chance(perMille: 200)
        queue.insert(
            .headStarts,
            at: after(random.duration(milliseconds: isLong ? 5_000...20_000 : 100...3_000))
        )
    }

    /// The audit learns of what is durable though nobody was told.
    private mutating func note(_ news: SimulatedHead.News) {
        switch news {
        case .audit(.accepted(let record)): audit.accepted(record)
        case .action(.changed, let record?, let decided): changed(record, decided: decided)
        case .action(.settle(let id, _), _, _): audit.settled(id)
        default: break
        }
    }

    mutating func headStarts() {
        guard head.isDown else { return }
        trace("the head starts again")
        head.start()
        lostSessions = [:]
        plane = head.plane(seed: random.next(), now: now)
        let awaited = plane.awaitedRaylets
        plane.resume(in: Clients.host, now: now)
        carryOut()
        _ = plane.processJoined(process(Clients.host))
        carryOut()
        for (node, _) in awaited { send(.probe, to: node) }
        // Raylets have lost their place in the feed, and ask who has ended meanwhile.
        for driver in clients.drivers where plane.directory.process(driver.process)?.deathCause != nil {
            tellOfEnd(of: driver.process)
        }
        for driver in clients.drivers.indices {
            queue.insert(.driverJoins(driver), at: after(random.duration(milliseconds: 1...500)))
        }
    }
}
