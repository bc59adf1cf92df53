import MantaCore
import MantaGCS
import MantaRaylet
import MantaScheduling

/// A cluster's control plane in virtual time: the real values that decide, in a world that is made up from one seed.
///
/// The world is a queue of events. Programs that the values are driven by are states here: the GCS, a raylet
/// for each machine, its workers, the drivers, and those who watch actors and look up names. The network between
/// them loses, repeats, delays and reorders; machines freeze, are cut off, and die.
///
/// A run has four parts: *faults*, *calm* (no more of them: all has to settle), *end* (all actors are ended: all has
/// to be given back) and *silence* (nobody asks any more: nothing may be left that waits).
package struct Simulation {
    enum Part: Int, Comparable {
        case faults, calm, end, silence

        static func < (left: Part, right: Part) -> Bool { left.rawValue < right.rawValue }
    }

    let options: SimulationOptions
    let nodeCount: Int
    var part = Part.faults
    var random: SplitMix64
    var rates: FaultRates
    var now = Moment(nanoseconds: 0)
    var queue = EventQueue()
    var audit = Audit()
    var counts = SimulationCounts()
    private var digest: UInt64 = 0
    private var lines: [String] = []
    private var lastNumber: UInt64 = 0

    // The GCS.
    var plane: ControlPlane
    var head: SimulatedHead
    /// When its timer is set for.
    var alarm = Moment.distantFuture
    var addresses: [NodeID: RayletAddress] = [:]
    /// The sessions of the links that are open.
    var links: [NodeID: UInt64] = [:]
    var lostSessions: [NodeID: UInt64] = [:]
    var calls: [UInt64: OutgoingCall] = [:]
    var served: [UInt64: ServedCall] = [:]
    var waits: [WaitKey: [UInt64]] = [:]
    var settledAtOnce: [ActorID: SpawnEnd] = [:]
    /// The tasks of the GCS that go on when its lane gets to them.
    var resumed: [(call: UInt64, end: SpawnEnd?)] = []
    /// Since when names that have ended stay taken, for a planted bug.
    var heldNames: [QualifiedName: Moment] = [:]

    // Everybody else.
    var machines: [Machine] = []
    var nodes: [NodeID] = []
    var clients = Clients()

    package init(_ options: SimulationOptions) {
        self.options = options
        nodeCount = options.resolvedNodeCount
        random = SplitMix64(seed: options.seed)
        rates = FaultRates(random: &random, nodeCount: nodeCount)
        head = SimulatedHead(isStored: options.isStored)
        plane = head.plane(seed: random.next(), now: now)
    }

    /// Runs it from its beginning to its end, or to the first violation.
    ///
    /// - Parameters:
    ///   - options: What decides the run.
    ///   - onTrace: Is given each line of the trace, if the run is traced.
    /// - Returns: What happened.
    package static func run(
        _ options: SimulationOptions,
        onTrace: ((String) -> Void)? = nil
    ) -> SimulationResult {
        var simulation = Simulation(options)
        simulation.begin()
        while simulation.audit.violation == nil, let (time, event) = simulation.queue.popFirst() {
            if case .end = event, simulation.part == .silence { break }
            simulation.now = time
            simulation.note(event)
            simulation.happen(event)
            simulation.resumeAll()
            simulation.writeIfDue()
            if simulation.counts.events % 500 == 0 { simulation.checkPlacements() }
            if let onTrace {
                for line in simulation.lines { onTrace(line) }
                simulation.lines.removeAll()
            }
        }
        if simulation.audit.violation == nil { simulation.checkAtEnd() }
        return simulation.result
    }

    private var result: SimulationResult {
        SimulationResult(
            seed: options.seed,
            nodeCount: nodeCount,
            digest: digest,
            duration: now.since(Moment(nanoseconds: 0)),
            counts: counts,
            violation: audit.violation.map { Violation(seed: options.seed, time: now, text: $0) },
            trace: lines
        )
    }

    private mutating func begin() {
        for slot in 0..<nodeCount {
            machines.append(Machine(slot: slot, random: &random))
            queue.insert(.rayletStarts(slot), at: after(random.duration(milliseconds: 0...200)))
        }
        beginClients()
        queue.insert(.fault, at: after(.milliseconds(500)))
        queue.insert(.work, at: after(.milliseconds(100)))
        queue.insert(.end, at: after(rates.duration))
    }

    // MARK: Time and chance

    func after(_ delay: Duration) -> Moment { now + delay }

    mutating func nextNumber() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    // MARK: Trace

    private mutating func note(_ event: Event) {
        counts.events += 1
        var mixer = SplitMix64(seed: digest ^ now.nanoseconds)
        digest = mixer.next() ^ event.tag
    }

    mutating func trace(_ text: @autoclosure () -> String) {
        guard options.isTraced else { return }
        if lines.count >= options.traceLimit { lines.removeFirst(lines.count - options.traceLimit + 1) }
        lines.append("\(now.secondsText) \(text())")
    }

    // MARK: Events

    private mutating func happen(_ event: Event) {
        switch event {
        case .alarm: alarmRings()
        case .written(let number): written(number)
        case .headStarts: headStarts()
        case .driverJoins(let driver): driverJoins(driver)
        case .requestToGCS(let request): arrived(request)
        case .answerToRaylet(let raylet, let request, let answer):
            if reaches(raylet, event) { answered(raylet.slot, request, answer) }
        case .requestFailed(let raylet, let request):
            if reaches(raylet, event) { failed(raylet.slot, request) }
        case .callToRaylet(let raylet, let call): if reaches(raylet, event) { arrived(call, at: raylet.slot) }
        case .answerToGCS(let call, let answer): answered(call, answer)
        case .callFailed(let call): failed(call)
        case .probeRefused(let call): probeRefused(call)
        case .linkLostAtGCS(let node, let session): linkLost(node, session)
        case .linkLostAtRaylet(let raylet, let session):
            if reaches(raylet, event) { linkLost(raylet.slot, session) }
        case .raylet(let raylet, let change):
            if reaches(raylet, event) { happen(change, at: raylet.slot) }
        case .worker(let raylet, let worker, let change):
            if machines[raylet.slot].isRunning(raylet) { happen(change, in: worker, at: raylet.slot) }
        case .clientCall(let call): arrived(call)
        case .clientCancels(let call): cancel(call)
        case .clientAnswer(let call, let answer): answered(call, answer)
        case .clientTimeout(let call): clientGivesUp(call)
        case .pollTimeout(let call): pollEnds(call)
        case .poll(let watcher): poll(watcher)
        case .feedPoll(let finder): pollFeed(finder)
        case .fault: fault()
        case .work: work()
        case .driverEnds(let driver): driverEnds(driver)
        case .thaw(let slot): thaw(slot)
        case .heal(let slot): machines[slot].isCut = false
        case .rayletStarts(let slot): rayletStarts(slot)
        case .end: partEnds()
        }
    }

    /// Whether a raylet still is, and can take an event now; a frozen one takes it when it goes on.
    private mutating func reaches(_ raylet: RayletAddress, _ event: Event) -> Bool {
        guard machines[raylet.slot].isRunning(raylet) else { return false }
        guard machines[raylet.slot].isFrozen else { return true }
        machines[raylet.slot].held.append(event)
        return false
    }

    private mutating func partEnds() {
        switch part {
        case .faults:
            trace("no more faults")
            part = .calm
            if head.isDown { headStarts() }
            rates.cease()
            for slot in machines.indices {
                machines[slot].isCut = false
                if machines[slot].isFrozen { thaw(slot) }
            }
            queue.insert(.end, at: after(.seconds(90)))
        case .calm:
            checkCalm()
            trace("all actors are ended")
            part = .end
            endAll()
            queue.insert(.end, at: after(.seconds(60)))
        case .end:
            part = .silence
            // A question that waits for news is answered by then.
            queue.insert(.end, at: after(.seconds(30)))
        case .silence: break
        }
    }
}
