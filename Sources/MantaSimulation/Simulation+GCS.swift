import MantaCore
import MantaGCS

/// A call of the GCS at a raylet that has not ended.
struct OutgoingCall {
    var node: NodeID
    var body: RayletCall.Body
}

// What the actor `GCS` does around its control plane: towards raylets.

extension Simulation {
    /// Does what the control plane says, when that is durable.
    mutating func carryOut() {
        tell(plane.takeActions().map { .action($0, record: record(of: $0), decided: now) })
        if let next = plane.nextDeadline, next < alarm {
            alarm = next
            queue.insert(.alarm, at: max(next, now))
        }
    }

    /// What an action tells of, as it was when it was decided.
    private func record(of action: ControlPlane.Action) -> ActorRecord? {
        guard case .changed(let id) = action else { return nil }
        return plane.directory.actor(id)
    }

    mutating func perform(_ action: ControlPlane.Action, _ record: ActorRecord?, decided: Moment) {
        switch action {
        case .send(let instruction, let node):
            send(.instruction(instruction), to: node)
            if options.plantedBug == .releasesEarly, case .end(let key, _) = instruction {
                plane.answeredEnd(key, now: now)
            }
        case .settle(let id, let end):
            trace("\(id) settles: \(end)")
            audit.settled(id)
            settle(id, end)
        case .changed(let id):
            if let record { changed(record, decided: decided) }
            resumeWaiters(.change(id))
        case .released(let key): resumeWaiters(.release(key))
        case .processEnded(let process): if clients.isKnown(process) { tellOfEnd(of: process) }
        case .news: resumeWaiters(.news)
        case .probe(let node): send(.probe, to: node)
        case .waits(let spec): trace("\(spec.id) waits for \(spec.options.resources)")
        case .died(let node, _, _, _): trace("\(node) is declared dead")
        case .doubts(let doubts):
            if doubts { counts.doubts += 1 }
            trace("the head \(doubts ? "doubts itself" : "is heard again")")
        }
    }

    mutating func alarmRings() {
        guard alarm <= now, !head.isDown else { return }
        alarm = .distantFuture
        plane.timePassed(to: now)
        carryOut()
    }

    /// An actor's record has changed, and that is durable.
    mutating func changed(_ record: ActorRecord, decided: Moment) {
        trace("\(record.id) is \(record.state), epoch \(record.spec.epoch)")
        let change = audit.changed(record, now: decided)
        counts.restarts += change.restarts
        guard change.isDeath else { return }
        counts.deaths += 1
        if let name = record.spec.options.qualifiedName { heldNames[name] = now }
    }

    // MARK: Calls at raylets

    mutating func send(_ body: RayletCall.Body, to node: NodeID) {
        guard let address = addresses[node] else { return }
        let number = nextNumber()
        calls[number] = OutgoingCall(node: node, body: body)
        let machine = machines[address.slot]
        let isProbe = if case .probe = body { true } else { false }
        trace("call \(number) to \(node): \(body.summary)")
        counts.messages += 1
        queue.insert(.callFailed(call: number), at: after(body.timeout))
        if machine.isCut { return lose("call \(number)") }
        if !machine.isRunning(address) {
            let delay = random.duration(milliseconds: 1...20)
            return queue.insert(
                isProbe ? .probeRefused(call: number) : .callFailed(call: number),
                at: after(delay)
            )
        }
        if !isProbe, links[node] == nil {
            return queue.insert(.callFailed(call: number), at: after(.milliseconds(10)))
        }
        if random.chance(perMille: rates.loss) {
            queue.insert(
                .callFailed(call: number),
                at: after(random.duration(milliseconds: 200...3_000))
            )
            return lose("call \(number)")
        }
        let call = RayletCall(number: number, body: body)
        queue.insert(.callToRaylet(address, call), at: after(networkDelay()))
        if random.chance(perMille: rates.repetition) {
            counts.repeatedMessages += 1
            queue.insert(.callToRaylet(address, call), at: after(networkDelay() * 3))
        }
    }

    mutating func networkDelay() -> Duration {
        if random.chance(perMille: rates.delay) { return random.duration(milliseconds: 1...400) }
        return random.duration(microseconds: 50...1_000)
    }

    mutating func lose(_ what: @autoclosure () -> String) {
        counts.lostMessages += 1
        trace("lost: \(what())")
    }

    mutating func answered(_ number: UInt64, _ answer: RayletAnswer) {
        guard let call = calls.removeValue(forKey: number) else { return }
        trace("answer to call \(number): \(answer)")
        guard case .instruction(let instruction) = call.body else { return }
        switch (instruction, answer) {
        case (.create(let spec), .creation(let answer)): plane.answered(spec.key, answer, now: now)
        case (.end(let key, _), .done): plane.answeredEnd(key, now: now)
        case (.stop(let key, _, within: _), .done): plane.answeredStop(key, now: now)
        default: preconditionFailure("\(answer) to \(instruction)")
        }
        carryOut()
    }

    mutating func failed(_ number: UInt64) {
        guard let call = calls.removeValue(forKey: number) else { return }
        trace("no answer to call \(number)")
        guard case .instruction(let instruction) = call.body else { return }
        plane.unanswered(instruction, from: call.node, now: now)
        carryOut()
    }

    mutating func probeRefused(_ number: UInt64) {
        guard let call = calls.removeValue(forKey: number) else { return }
        trace("nobody is at \(call.node)")
        plane.probeFailed(call.node, now: now)
        carryOut()
    }

    // MARK: Links

    mutating func linkLost(_ node: NodeID, _ session: UInt64) {
        guard !head.isDown, session > lostSessions[node] ?? 0 else { return }
        lostSessions[node] = session
        if let address = addresses[node] {
            queue.insert(.linkLostAtRaylet(address, session: session), at: after(lossDelay(address.slot)))
        }
        guard let open = links[node], open <= session else { return }
        links[node] = nil
        trace("the GCS loses its link to \(node)")
        plane.linkLost(node, now: now)
        carryOut()
        failCalls(to: node)
    }

    /// How long the other side of a lost link takes to know of it.
    mutating func lossDelay(_ slot: Int) -> Duration {
        random.duration(milliseconds: machines[slot].isCut ? 1_000...2_000 : 1...100)
    }

    private mutating func failCalls(to node: NodeID) {
        let lost = calls.filter { entry in
            guard entry.value.node == node, case .instruction = entry.value.body else { return false }
            return true
        }
        for number in lost.keys.sorted() { failed(number) }
    }

    // MARK: Requests of raylets

    mutating func arrived(_ request: RayletRequest) {
        guard request.headLife == head.life, !head.isDown else { return }
        if let lost = lostSessions[request.node], request.session <= lost { return }
        trace("request \(request.number) of \(request.node): \(request.body.summary)")
        switch request.body {
        case .register(let registration): register(registration, request)
        case .processJoined(let record):
            let outcome = plane.processJoined(record)
            carryOut()
            tell([.request(request, outcome == .accepted ? .done : .refused)])
        case .processLeft(let process, let cause, let incarnations):
            plane.processLeft(process, cause, incarnations: incarnations, now: now)
            carryOut()
            tell([.request(request, .done)])
        }
    }

    private mutating func register(_ registration: NodeRegistration, _ request: RayletRequest) {
        if let open = links[request.node], open < request.session { failCalls(to: request.node) }
        addresses[request.node] = request.raylet
        links[request.node] = request.session
        audit.registers(request.node, at: request.raylet)
        let admission = plane.nodeJoined(registration, now: now)
        carryOut()
        trace("\(request.node) is \(admission)")
        tell([.request(request, .admission(admission))])
    }

    mutating func answer(_ request: RayletRequest, _ answer: RequestAnswer) {
        counts.messages += 1
        if machines[request.raylet.slot].isCut || random.chance(perMille: rates.loss) {
            return lose("answer to request \(request.number)")
        }
        queue.insert(
            .answerToRaylet(request.raylet, request: request.number, answer),
            at: after(networkDelay())
        )
    }
}

extension RayletCall.Body {
    var timeout: Duration {
        switch self {
        case .probe: .seconds(1)
        case .instruction(.stop(_, _, within: let limit)): limit + .seconds(30)
        case .instruction: .seconds(5)
        }
    }

    var summary: String {
        switch self {
        case .probe: "probe"
        case .instruction(.create(let spec)): "create \(spec.key)"
        case .instruction(.end(let key, let cause)): "end \(key) (\(cause))"
        case .instruction(.stop(let key, let cause, within: _)): "stop \(key) (\(cause))"
        }
    }
}

extension RayletRequest.Body {
    var summary: String {
        switch self {
        case .register(let registration): "register with \(registration.hosted)"
        case .processJoined(let record): "\(record.id) joined"
        case .processLeft(let process, let cause, let keys): "\(process) left (\(cause)) with \(keys)"
        }
    }
}
