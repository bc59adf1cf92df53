import MantaCore
import MantaGCS

// What drivers and workers ask, and what becomes of the answers.

extension Simulation {
    mutating func beginClients() {
        _ = plane.processJoined(process(Clients.host))
        for _ in 0..<Int.random(in: 2...4, using: &random) { driverStarts() }
        for finder in 0..<3 {
            clients.finders.append(Clients.Finder())
            queue.insert(.feedPoll(finder), at: now)
        }
    }

    private mutating func driverStarts() {
        clients.drivers.append(Clients.Driver(process: ProcessID(UInt64(2 + clients.drivers.count))))
        driverJoins(clients.drivers.count - 1)
    }

    /// A driver takes part, perhaps again after the head has crashed.
    mutating func driverJoins(_ index: Int) {
        let driver = clients.drivers[index]
        guard !driver.isEnded, driver.joinedLife != head.life else { return }
        guard !head.isDown else {
            return queue.insert(.driverJoins(index), at: after(random.duration(milliseconds: 50...500)))
        }
        guard case .accepted = plane.driverJoined(process(driver.process), job: job(of: driver.process))
        else {
            trace("driver \(driver.process) comes back too late")
            clients.drivers[index].isEnded = true
            if part == .faults { driverStarts() }
            return
        }
        clients.drivers[index].joinedLife = head.life
        carryOut()
        tell([.driverJoined(index)])
    }

    private func job(of driver: ProcessID) -> JobSpec {
        JobSpec(
            id: driver,
            namespace: "default",
            program: nil,
            arguments: [],
            environment: [:],
            entersBeforeMain: false,
            executable: "",
            workingDirectory: nil,
            machine: MachineID(""),
            host: "",
            driverProcessID: 1,
            startTime: 0
        )
    }

    func process(_ id: ProcessID) -> ProcessRecord {
        ProcessRecord(id: id, node: .none, endpoint: .unix(path: ""), operatingSystemID: 1)
    }

    mutating func driverEnds(_ index: Int) {
        guard !clients.drivers[index].isEnded else { return }
        let process = clients.drivers[index].process
        trace("driver \(process) ends")
        counts.endedDrivers += 1
        clients.drivers[index].isEnded = true
        // Its link closes: what it asked for is cancelled.
        for number in clients.open.keys.sorted() where clients.open[number]?.driver == index {
            clients.open[number] = nil
            cancel(number)
        }
        for id in plane.directory.owned(by: .job(process)) { audit.asksToEnd(id) }
        // One that has not come back after a crash of the head is missed when the recovery is over.
        if !head.isDown, clients.drivers[index].joinedLife == head.life {
            plane.processLeft(process, .exited(code: 0), incarnations: [], now: now)
            plane.jobEnded(process, within: .seconds(2), now: now)
            carryOut()
        }
        if part == .faults { driverStarts() }
    }

    // MARK: Asking

    @discardableResult
    mutating func ask(_ body: ClientCall.Body, driver: Int?, asker: Int? = nil) -> UInt64 {
        let call = ClientCall(number: nextNumber(), driver: driver, asker: asker, body: body)
        clients.open[call.number] = call
        counts.messages += 1
        switch body {
        case .kill, .stop: counts.ends += 1
        default: break
        }
        if head.isDown {
            queue.insert(
                .clientTimeout(call: call.number),
                at: after(random.duration(milliseconds: 1...500))
            )
        } else if random.chance(perMille: rates.loss) {
            lose("client call \(call.number): \(body.summary)")
            queue.insert(
                .clientTimeout(call: call.number),
                at: after(random.duration(milliseconds: 200...3_000))
            )
        } else {
            queue.insert(.clientCall(call), at: after(networkDelay()))
        }
        return call.number
    }

    /// Its deadline has passed, it was cancelled, or its link was lost.
    mutating func clientGivesUp(_ number: UInt64) {
        guard let call = clients.open.removeValue(forKey: number) else { return }
        if served[number] == nil {
            clients.cancelled.insert(number)
        } else {
            queue.insert(.clientCancels(call: number), at: after(networkDelay()))
        }
        failed(call)
    }

    private mutating func failed(_ call: ClientCall) {
        switch (call.body, call.asker) {
        case (.lifecycle, let watcher?):
            clients.watchers[watcher].call = nil
            queue.insert(.poll(watcher), at: after(.milliseconds(100)))
        case (.news, let finder?):
            clients.finders[finder] = Clients.Finder()
            queue.insert(.feedPoll(finder), at: after(.milliseconds(500)))
        default: break
        }
    }

    mutating func answered(_ call: ClientCall, _ answer: ClientAnswer) {
        guard clients.open.removeValue(forKey: call.number) != nil else { return }
        switch (answer, call.asker) {
        case (.created(let id), _):
            counts.created += 1
            know(id)
        case (.found(let id, let cursor), let finder):
            know(id)
            guard let finder, let name = call.body.name else { return }
            remember(id, name, cursor, finder)
        case (.lifecycle(let news), let watcher?): told(news, watcher)
        case (.news(let news), let finder?): told(news, finder)
        case (.failed(let error), let watcher?) where error.code == .noSuchActor:
            if case .lifecycle = call.body { clients.watchers[watcher].isDone = true }
        default: break
        }
    }

    private mutating func know(_ id: ActorID) {
        clients.known.append(id)
        if clients.known.count > 40 { clients.known.removeFirst() }
    }

    // MARK: Watching

    mutating func watch(_ id: ActorID) {
        clients.watchers.append(Clients.Watcher(id: id))
        poll(clients.watchers.count - 1)
    }

    mutating func poll(_ index: Int) {
        let watcher = clients.watchers[index]
        guard part < .silence, !watcher.isDone, watcher.call == nil else { return }
        clients.watchers[index].call = ask(
            .lifecycle(watcher.id, after: watcher.seenCount),
            driver: nil,
            asker: index
        )
    }

    private mutating func told(_ news: LifecycleNews, _ index: Int) {
        counts.watchedEvents += news.events.count
        if clients.watchers[index].first == nil, !news.events.isEmpty {
            clients.watchers[index].first = news.seenCount - news.events.count
        }
        clients.watchers[index].seenCount = news.seenCount
        clients.watchers[index].events += news.events
        clients.watchers[index].call = nil
        audit.watched(clients.watchers[index].events)
        if case .terminated = news.events.last {
            clients.watchers[index].isDone = true
        } else {
            queue.insert(.poll(index), at: now)
        }
    }

    /// The process of a watcher ends, and another watches from the start.
    mutating func restartWatcher(_ index: Int) {
        guard !clients.watchers[index].isDone else { return }
        if let call = clients.watchers[index].call { clients.open[call] = nil }
        clients.watchers[index] = Clients.Watcher(id: clients.watchers[index].id)
        queue.insert(.poll(index), at: after(random.duration(milliseconds: 1...3_000)))
    }

    // MARK: Names

    mutating func pollFeed(_ index: Int) {
        guard part < .silence, clients.finders[index].call == nil else { return }
        clients.finders[index].call = ask(
            .news(after: clients.finders[index].cursor),
            driver: nil,
            asker: index
        )
    }

    private mutating func told(_ news: Feed.News, _ index: Int) {
        var finder = clients.finders[index]
        finder.cursor = news.cursor
        if news.hasGap { finder.entries.removeAll() }
        for case .nameFreed(let name) in news.events { finder.entries[name] = nil }
        finder.call = nil
        clients.finders[index] = finder
        checkNames(finder)
        queue.insert(.feedPoll(index), at: now)
    }

    /// One who has read all news remembers nothing that is wrong.
    private mutating func checkNames(_ finder: Clients.Finder) {
        guard finder.cursor == plane.feed.cursor else { return }
        for (name, id) in finder.entries where plane.directory.find(name)?.id != id {
            audit.violate("\(name) is still taken for \(id) by one who has read all news")
        }
    }

    private mutating func remember(_ id: ActorID, _ name: QualifiedName, _ cursor: UInt64, _ index: Int) {
        guard let read = clients.finders[index].cursor else { return }
        if cursor < read, options.plantedBug != .remembersOldNames { return }
        clients.finders[index].entries[name] = id
        checkNames(clients.finders[index])
    }
}

extension ClientCall.Body {
    /// The name that is looked up.
    fileprivate var name: QualifiedName? {
        switch self {
        case .find(let name): name
        case .getOrSpawn(let request): request.options.qualifiedName
        default: nil
        }
    }
}
