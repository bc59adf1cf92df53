import MantaCore
import MantaGCS
import MantaRaylet

// Raylets, and what is between them and the GCS.

extension Simulation {
    mutating func rayletStarts(_ slot: Int) {
        let machine = machines[slot]
        let node = NodeID(UInt64(slot + 1) << 12 | UInt64(machine.life))
        var raylet = SimulatedRaylet(
            address: machine.address,
            node: node,
            total: machine.total,
            labels: machine.labels,
            sharedLimit: Int.random(in: 1...3, using: &random),
            idleTarget: Int.random(in: 0...2, using: &random),
            endedJobs: Set(clients.drivers.filter(\.isEnded).map(\.process)),
            seed: random.next()
        )
        raylet.startFailures = rates.startFailures
        trace("the raylet of \(node) starts on machine \(slot)")
        nodes.append(node)
        addresses[node] = machine.address
        machines[slot].start(raylet)
        soon(.register, at: slot)
    }

    private mutating func soon(_ event: RayletEvent, at slot: Int, after delay: Duration = .zero) {
        queue.insert(.raylet(machines[slot].address, event), at: after(delay))
    }

    mutating func happen(_ event: RayletEvent, at slot: Int) {
        switch event {
        case .register:
            let isUnderWay = machines[slot].requests.values.contains {
                if case .register = $0 { true } else { false }
            }
            guard !isUnderWay, let registration = machines[slot].raylet?.registration else { return }
            request(.register(registration), from: slot)
        case .sendAgain(let body): request(body, from: slot)
        case .workerStartTimeout(let worker):
            if machines[slot].raylet?.workers[worker]?.isReady == false {
                tell(worker, .dies(.crashed(signal: 9, lastOutput: [])), at: slot)
            }
        case .assigned(let key, let worker): change(slot) { $0.assigned(key, to: worker) }
        case .goesOn(let key): change(slot) { $0.goesOn(key) }
        case .workerReady(let worker): change(slot) { $0.workerReady(worker) }
        case .workerExited(let worker, let cause):
            trace("machine \(slot): \(worker) has exited")
            change(slot) { $0.workerExited(worker, cause) }
        case .created(let key, let worker): change(slot) { $0.created(key, in: worker) }
        case .initFailed(let key): change(slot) { $0.initFailed(key) }
        case .creationLost(let key, let worker, let wasBegun):
            change(slot) { $0.creationLost(key, in: worker, wasBegun: wasBegun) }
        case .hostEnded(let key): change(slot) { $0.hostEnded(key) }
        case .hostStopped(let key): change(slot) { $0.hostStopped(key) }
        case .jobEnded(let job): change(slot) { $0.ended(job: job) }
        }
    }

    /// All raylets learn of the end of a driver, each in its time.
    mutating func tellOfEnd(of driver: ProcessID) {
        for slot in machines.indices {
            soon(.jobEnded(driver), at: slot, after: random.duration(milliseconds: 1...2_000))
        }
    }

    /// Lets a raylet decide, then does what it says.
    private mutating func change(_ slot: Int, _ body: (inout SimulatedRaylet) -> Void) {
        var outputs: [SimulatedRaylet.Output] = []
        machines[slot].with { raylet in
            raylet.startFailures = rates.startFailures
            body(&raylet)
            swap(&outputs, &raylet.outputs)
        }
        for output in outputs {
            switch output {
            case .answer(let call, let answer): self.answer(call, answer, from: slot)
            case .request(let body): request(body, from: slot)
            case .start(let worker): workerStarts(worker, at: slot)
            case .kill(let worker, let cause): tell(worker, .dies(cause), at: slot)
            case .tell(let worker, let event): tell(worker, event, at: slot)
            case .soon(let event): soon(event, at: slot)
            case .broken(let text): audit.violate(text)
            }
        }
    }

    // MARK: Calls of the GCS

    mutating func arrived(_ call: RayletCall, at slot: Int) {
        trace("call \(call.number) reaches machine \(slot): \(call.body.summary)")
        switch call.body {
        case .probe: answer(call.number, .done, from: slot)
        case .instruction(.create(let spec)):
            if options.plantedBug == .buildsCopies, let raylet = machines[slot].raylet,
                raylet.leases[spec.key]?.answer != nil, let home = raylet.pools.home(of: spec.id)
            {
                tell(home, .create(spec.key), at: slot)
            }
            change(slot) { $0.create(spec, call: call.number) }
        case .instruction(.end(let key, let cause)): change(slot) { $0.end(key, cause, call: call.number) }
        case .instruction(.stop(let key, let cause, within: let limit)):
            change(slot) { $0.stop(key, cause, within: limit, call: call.number) }
        }
    }

    private mutating func answer(_ call: UInt64, _ answer: RayletAnswer, from slot: Int) {
        if case .done = answer, case .instruction(let instruction)? = calls[call]?.body {
            audit.acknowledged(instruction.key, at: machines[slot].address)
        }
        counts.messages += 1
        if machines[slot].isCut || random.chance(perMille: rates.loss) {
            queue.insert(.callFailed(call: call), at: after(random.duration(milliseconds: 200...3_000)))
            return lose("answer to call \(call)")
        }
        queue.insert(.answerToGCS(call: call, answer), at: after(networkDelay()))
    }

    // MARK: Requests at the GCS

    private mutating func request(_ body: RayletRequest.Body, from slot: Int) {
        guard let raylet = machines[slot].raylet else { return }
        let number = nextNumber()
        machines[slot].requests[number] = body
        let address = machines[slot].address
        counts.messages += 1
        queue.insert(.requestFailed(address, request: number), at: after(.seconds(5)))
        if head.isDown {
            return queue.insert(
                .requestFailed(address, request: number),
                at: after(random.duration(milliseconds: 1...100))
            )
        }
        if machines[slot].isCut || random.chance(perMille: rates.loss) {
            queue.insert(
                .requestFailed(address, request: number),
                at: after(random.duration(milliseconds: 200...3_000))
            )
            return lose("request \(number) of \(raylet.node): \(body.summary)")
        }
        let arrival = max(after(networkDelay()), machines[slot].lastArrival)
        machines[slot].lastArrival = arrival
        queue.insert(
            .requestToGCS(
                RayletRequest(
                    raylet: address,
                    node: raylet.node,
                    session: machines[slot].session,
                    number: number,
                    headLife: head.life,
                    body: body
                )
            ),
            at: arrival
        )
    }

    mutating func answered(_ slot: Int, _ number: UInt64, _ answer: RequestAnswer) {
        guard let body = machines[slot].requests.removeValue(forKey: number) else { return }
        switch (body, answer) {
        case (.register, .admission(.accepted)):
            guard !machines[slot].isAdmitted else { return }
            machines[slot].isAdmitted = true
            change(slot) { $0.begin() }
        case (.register, .admission(.fenced)): fence(slot)
        case (.processJoined(let record), .done): change(slot) { $0.workerAccepted(record.id) }
        case (.processJoined(let record), _): tell(record.id, .dies(.exited(code: 70)), at: slot)
        default: break
        }
    }

    mutating func failed(_ slot: Int, _ number: UInt64) {
        guard let body = machines[slot].requests.removeValue(forKey: number) else { return }
        trace("no answer to request \(number): \(body.summary)")
        switch body {
        case .register: soon(.register, at: slot, after: .milliseconds(250))
        // The worker has not been taken in, and ends.
        case .processJoined(let record): tell(record.id, .dies(.exited(code: 70)), at: slot)
        case .processLeft:
            if options.plantedBug == .reportsOnce { return }
            soon(.sendAgain(body), at: slot, after: .milliseconds(250))
        }
    }

    mutating func linkLost(_ slot: Int, _ session: UInt64) {
        guard machines[slot].session == session, let node = machines[slot].raylet?.node else { return }
        trace("\(node) loses its link to the GCS")
        machines[slot].session += 1
        for number in machines[slot].requests.keys.sorted() { failed(slot, number) }
        soon(.register, at: slot)
        let time = max(after(lossDelay(slot)), machines[slot].lastArrival)
        queue.insert(.linkLostAtGCS(node, session: session), at: time)
    }

    /// The GCS has declared the node dead: its raylet ends all workers, and begins anew.
    private mutating func fence(_ slot: Int) {
        counts.fencedNodes += 1
        if options.plantedBug == .forgetsFencing {
            machines[slot].with { $0.node = NodeID($0.node.rawValue | 1 << 40) }
            return soon(.register, at: slot)
        }
        stopMachine(slot, isCrash: false)
    }

    /// The raylet ends, and with it all of its workers.
    mutating func stopMachine(_ slot: Int, isCrash: Bool) {
        guard let raylet = machines[slot].raylet else { return }
        trace("the raylet of \(raylet.node) \(isCrash ? "dies" : "is fenced and ends")")
        let session = machines[slot].session
        machines[slot].stop()
        audit.machineStopped(slot)
        // A link ends behind what has been sent over it.
        let time = max(after(lossDelay(slot)), machines[slot].lastArrival)
        queue.insert(.linkLostAtGCS(raylet.node, session: session), at: time)
        queue.insert(.rayletStarts(slot), at: after(random.duration(milliseconds: 100...4_000)))
    }

    mutating func thaw(_ slot: Int) {
        guard machines[slot].isFrozen else { return }
        trace("machine \(slot) goes on")
        machines[slot].isFrozen = false
        for event in machines[slot].held { queue.insert(event, at: now) }
        machines[slot].held = []
    }
}
