import MantaCore
import MantaGCS
import Testing

let cluster: UInt64 = 77
let node = NodeID(1)
let otherNode = NodeID(2)
let worker = ProcessID(0xa)
let driver = ProcessID(0xd)
let origin = Moment(nanoseconds: 1_000_000_000_000)

func record(
    of id: ProcessID,
    on node: NodeID = node,
    operatingSystemID: Int32 = 100,
    job: ProcessID? = nil
) -> ProcessRecord {
    let endpoint = Endpoint.unix(path: "/run/\(id)")
    return ProcessRecord(
        id: id,
        node: node,
        endpoint: endpoint,
        operatingSystemID: operatingSystemID,
        job: job
    )
}

func location(in process: ProcessID = worker, lane: UInt8 = 2, epoch: UInt32 = 1) -> ActorLocation {
    ActorLocation(
        process: process,
        endpoint: .unix(path: "/run/\(process)"),
        lane: lane,
        epoch: epoch,
        maxPendingCalls: 10
    )
}

/// What a driver says of itself.
func spec(of job: ProcessID) -> JobSpec {
    JobSpec(
        id: job,
        namespace: "default",
        program: nil,
        arguments: ["counter", "--fast"],
        environment: ["HOME": "/home/somebody"],
        entersBeforeMain: false,
        executable: "/usr/bin/counter",
        workingDirectory: "/home/somebody",
        machine: MachineID("m"),
        host: "laptop",
        driverProcessID: 77,
        startTime: 1_700_000_000
    )
}

extension Directory {
    /// A directory where `worker` runs on `node`.
    static func withWorker() -> Directory {
        var directory = Directory(cluster: cluster)
        #expect(directory.processJoined(record(of: worker)) == .accepted)
        return directory
    }

    mutating func register(
        _ options: ActorOptions = ActorOptions(),
        type: String = "Counter",
        owner: ActorOwner? = nil,
        hasOwnLane: Bool = false
    ) throws -> ActorID {
        let spec = ActorSpec(
            id: nextActorID(hasOwnLane: hasOwnLane),
            epoch: 1,
            mangledTypeName: "4main7CounterC",
            typeName: type,
            arguments: [1, 2, 3],
            options: options,
            job: driver
        )
        try register(spec, owner: owner)
        return spec.id
    }

    mutating func place(_ options: ActorOptions = ActorOptions(), on node: NodeID = node) throws -> ActorID {
        let id = try register(options)
        #expect(placed(id, on: node) == .accepted)
        return id
    }

    mutating func start(
        _ options: ActorOptions = ActorOptions(),
        in process: ProcessID = worker
    ) throws -> ActorID {
        let id = try place(options, on: self.process(process)?.node ?? node)
        #expect(alive(id, in: process) == .accepted)
        return id
    }

    /// An incarnation is announced, by default on the node of its process.
    mutating func alive(
        _ id: ActorID,
        in process: ProcessID = worker,
        on node: NodeID? = nil,
        epoch: UInt32 = 1,
        at now: Moment = origin
    ) -> OnAlive {
        alive(
            id,
            at: location(in: process, epoch: epoch),
            on: node ?? self.process(process)?.node ?? MantaGCSTests.node,
            operatingSystemID: 100,
            now: now
        )
    }

    /// An incarnation ends, with a fixed jitter.
    mutating func incarnationEnded(
        _ id: ActorID,
        epoch: UInt32 = 1,
        _ cause: DeathCause = .exited(code: 1),
        now: Moment = origin
    ) -> OnIncarnationEnded {
        var random = SplitMix64(seed: 1)
        return incarnationEnded(ActorKey(id, epoch: epoch), cause, now: now, random: &random)
    }
}
