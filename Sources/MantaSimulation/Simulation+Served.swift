import MantaCore
import MantaGCS

// What the actor `GCS` does around its control plane: towards those who ask it. Its tasks are states here.

extension Simulation {
    mutating func arrived(_ call: ClientCall) {
        // Its caller is told that the link was lost.
        if head.isDown { return }
        if let driver = call.driver, clients.drivers[driver].isEnded { return }
        guard clients.cancelled.remove(call.number) == nil else { return }
        trace("client call \(call.number): \(call.body.summary)")
        served[call.number] = ServedCall(call: call)
        serve(call.number)
    }

    private mutating func serve(_ number: UInt64) {
        guard let call = served[number]?.call else { return }
        do throws(ClusterError) {
            switch call.body {
            case .spawn(let request):
                let id = try spawn(request, call)
                served[number]?.ownSpawn = id
                waitForSettling(number, id)
            case .getOrSpawn(let request): try getOrSpawn(request, number)
            case .find(let name): find(name, number)
            case .kill(let id, let restart): try kill(id, restart: restart, number)
            case .stop(let id, within: let limit):
                audit.asksToEnd(id)
                let isDead = try plane.stop(id, .stopped, within: limit, now: now)
                carryOut()
                if isDead { answer(number, .done) } else { wait(number, for: .change(id)) }
            case .lifecycle(let id, let seen): lifecycle(id, after: seen, number)
            case .news(let cursor): news(after: cursor, number)
            }
        } catch {
            trace("client call \(number) fails: \(error)")
            answer(number, .failed(error))
        }
    }

    private func job(of request: SpawnRequest) -> ProcessID {
        clients.isDriver(request.caller) ? request.caller : Clients.host
    }

    private mutating func spawn(_ request: SpawnRequest, _ call: ClientCall) throws(ClusterError) -> ActorID {
        if options.plantedBug == .freesNamesLate, let name = request.options.qualifiedName,
            let freed = heldNames[name], now.since(freed) < .milliseconds(500)
        {
            tell([.audit(.nameTaken(name))])
            throw ClusterError(.nameTaken, "planted")
        }
        let id: ActorID
        do {
            id = try plane.spawn(request, job: job(of: request), now: now)
        } catch {
            if error.code == .nameTaken, let name = request.options.qualifiedName {
                tell([.audit(.nameTaken(name))])
            }
            throw error
        }
        accepted(id)
        return id
    }

    private mutating func accepted(_ id: ActorID) {
        counts.spawns += 1
        trace("\(id) is accepted")
        if let record = plane.directory.actor(id) { tell([.audit(.accepted(record))]) }
        carryOut()
    }

    private mutating func getOrSpawn(_ request: SpawnRequest, _ number: UInt64) throws(ClusterError) {
        let job = job(of: request)
        switch try plane.getOrSpawn(request, job: job, now: now) {
        case .spawned(let id):
            accepted(id)
            served[number]?.ownSpawn = id
            waitForSettling(number, id)
        case .found(let id):
            served[number]?.ownSpawn = nil
            guard case .pending = plane.directory.fate(of: id) else { return answerFound(number, id) }
            waitForSettling(number, id)
        }
    }

    private mutating func find(_ name: QualifiedName, _ number: UInt64) {
        guard let holder = plane.directory.find(name) else {
            tell([.audit(.noSuchName(name))])
            return answer(number, .failed(ClusterError(.noSuchActor, "no actor has the name \(name)")))
        }
        guard case .pending = holder.state else { return answerFound(number, holder.id) }
        wait(number, for: .change(holder.id))
    }

    private mutating func answerFound(_ number: UInt64, _ id: ActorID) {
        answer(number, .found(id, cursor: plane.feed.cursor))
    }

    private mutating func kill(_ id: ActorID, restart: Bool, _ number: UInt64) throws(ClusterError) {
        if let record = plane.directory.actor(id), record.deathCause == nil {
            // One that may restart, and does so already, goes on.
            let isRestarting = if case .restarting = record.state { true } else { false }
            let epoch = record.key.epoch - (restart && isRestarting ? 1 : 0)
            served[number]?.killed = ActorKey(id, epoch: epoch)
        }
        if !restart { audit.asksToEnd(id) }
        let gone = try plane.kill(id, restart: restart, now: now)
        carryOut()
        guard let gone else { return killed(number) }
        wait(number, for: .release(gone))
    }

    private mutating func killed(_ number: UInt64) {
        if let key = served[number]?.killed { tell([.audit(.killed(key))]) }
        answer(number, .done)
    }

    private mutating func lifecycle(_ id: ActorID, after seen: Int?, _ number: UInt64) {
        guard let record = plane.directory.actor(id) else {
            return answer(number, .failed(ClusterError(.noSuchActor, "the directory has no \(id)")))
        }
        var news = record.lifecycle.news(after: seen)
        if options.plantedBug == .losesTerminated, seen == nil, record.deathCause != nil { news.events = [] }
        if news.events.isEmpty, served[number]?.isLate == false {
            wait(number, for: .change(id))
            poll(until: number)
        } else {
            answer(number, .lifecycle(news))
        }
    }

    private mutating func news(after cursor: UInt64?, _ number: UInt64) {
        let news = plane.feed.news(after: cursor)
        if cursor != nil, news.events.isEmpty, !news.hasGap, served[number]?.isLate == false {
            wait(number, for: .news)
            poll(until: number)
        } else {
            answer(number, .news(news))
        }
    }

    private mutating func poll(until number: UInt64) {
        served[number]?.isLate = true
        queue.insert(.pollTimeout(call: number), at: after(.seconds(20)))
    }

    /// A question has waited for news long enough.
    mutating func pollEnds(_ number: UInt64) {
        guard served[number] != nil else { return }
        stopWaiting(number)
        serve(number)
    }

    // MARK: Waiting

    private mutating func waitForSettling(_ number: UInt64, _ id: ActorID) {
        if let end = settledAtOnce.removeValue(forKey: id) { return settled(number, end) }
        wait(number, for: .settled(id))
    }

    private mutating func wait(_ number: UInt64, for key: WaitKey) {
        served[number]?.key = key
        waits[key, default: []].append(number)
    }

    private mutating func stopWaiting(_ number: UInt64) {
        guard let key = served[number]?.key else { return }
        served[number]?.key = nil
        waits[key]?.removeAll { $0 == number }
        if waits[key]?.isEmpty == true { waits[key] = nil }
    }

    mutating func settle(_ id: ActorID, _ end: SpawnEnd) {
        let waiters = waits.removeValue(forKey: .settled(id)) ?? []
        if waiters.isEmpty, !options.isStored { settledAtOnce[id] = end }
        for number in waiters {
            served[number]?.key = nil
            resumed.append((number, end))
        }
    }

    mutating func resumeWaiters(_ key: WaitKey) {
        for number in waits.removeValue(forKey: key) ?? [] {
            served[number]?.key = nil
            resumed.append((number, nil))
        }
    }

    /// The tasks that were resumed go on.
    mutating func resumeAll() {
        var next = 0
        while next < resumed.count {
            let (number, end) = resumed[next]
            next += 1
            if let end { settled(number, end) } else { goOn(number) }
        }
        resumed.removeAll(keepingCapacity: true)
    }

    private mutating func goOn(_ number: UInt64) {
        switch served[number]?.call.body {
        case .kill: killed(number)
        case .stop(let id, within: _):
            if case .dead = plane.directory.fate(of: id) {
                answer(number, .done)
            } else {
                wait(number, for: .change(id))
            }
        default: serve(number)
        }
    }

    private mutating func settled(_ number: UInt64, _ end: SpawnEnd) {
        guard let entry = served[number] else { return }
        switch (entry.call.body, end) {
        case (.getOrSpawn(let request), .created):
            if let name = request.options.qualifiedName, let holder = plane.directory.find(name) {
                answerFound(number, holder.id)
            } else {
                serve(number)
            }
        case (.getOrSpawn, .cancelled): serve(number)
        case (_, .created): answer(number, entry.ownSpawn.map { .created($0) } ?? .done)
        case (_, .initFailed):
            answer(number, .failed(ClusterError(.remote, "the initialiser threw", outcome: .executed)))
        case (_, .failed(let error)): answer(number, .failed(error))
        case (_, .cancelled): answer(number, .cancelled)
        }
    }

    // MARK: Answers

    private mutating func answer(_ number: UInt64, _ answer: ClientAnswer) {
        guard let entry = served.removeValue(forKey: number) else { return }
        tell([.client(entry.call, answer)])
    }

    /// What an answer is founded on is durable.
    mutating func send(_ answer: ClientAnswer, to call: ClientCall) {
        let number = call.number
        counts.messages += 1
        if random.chance(perMille: rates.loss) {
            queue.insert(
                .clientTimeout(call: number),
                at: after(random.duration(milliseconds: 200...3_000))
            )
            return lose("answer to client call \(number)")
        }
        queue.insert(.clientAnswer(call, answer), at: after(networkDelay()))
    }

    /// Its caller has gone, or waits no longer.
    mutating func cancel(_ number: UInt64) {
        guard let entry = served[number] else { return }
        if case .kill = entry.call.body { return }
        if let own = entry.ownSpawn, case .settled = entry.key {
            trace("client call \(number) is given up")
            audit.asksToEnd(own)
            plane.cancelSpawn(own, now: now)
            carryOut()
        }
        stopWaiting(number)
        served[number] = nil
    }
}
