internal import CMantaShims
internal import Glibc
internal import Logging
internal import MantaCore
internal import MantaGCS
internal import MantaRaylet
internal import MantaRuntime
internal import MantaTransport
import Synchronization

/// The life of a worker process.
enum WorkerMain {
    private static let hasStarted = Mutex(false)

    /// Returns in a driver. In a worker process, serves actors for the rest of its life; of many tasks that
    /// come here, the first one does.
    ///
    /// - Throws: ``ClusterError`` with code `invalidArgument` in an actor, which has a system and would wait for ever.
    static func runIfWorker() async throws {
        if hasStarted.withLock({ $0 }), CallContext.isInActor {
            throw ClusterError(
                .invalidArgument,
                "run and connect are for a program's start, not for an actor in a worker",
                hint: "use the actor's actorSystem"
            )
        }
        switch takeLaunch() {
        case .none: return
        case .some(.none): break
        case .some(.some(let launch)): await run(launch)
        }
        await ProcessEnd.forever()
    }

    /// What this process was started as: `nil` for a driver, an inner `nil` for a worker that has started
    /// already.
    fileprivate static func takeLaunch() -> WorkerLaunch?? {
        hasStarted.withLock { hasStarted in
            guard !hasStarted else { return .some(nil) }
            guard let text = getenv(WorkerLaunch.variable) else { return nil }
            hasStarted = true
            defer {
                // Programs that the actors start are no workers.
                unsetenv(WorkerLaunch.variable)
                unsetenv(WorkerLaunch.beforeMainVariable)
            }
            do {
                return try WorkerLaunch(encoded: String(cString: text))
            } catch {
                fail(
                    "\(WorkerLaunch.variable) is set, but not to what a raylet sets it to (\(error)): unset it"
                )
            }
        }
    }

    /// Serves actors until the raylet closes the control socket, then ends the process.
    fileprivate static func run(_ launch: WorkerLaunch) async {
        // Ctrl-C reaches all processes of a terminal; the driver ends its workers in order.
        manta_ignore_signal(SIGINT)
        // So does SIGTERM from a supervisor. The driver has a moment to end its workers; sent to a worker
        // alone, it counts.
        let terminations = SignalSource()
        terminations.hold([SIGTERM])
        manta_line_buffer_stdout()
        _ = manta_set_close_on_exec(WorkerLaunch.controlDescriptor)
        var logger = Logger(label: "manta.worker")
        logger.logLevel = Logger.Level(rawValue: launch.logLevel) ?? .info
        let options = RuntimeOptions(
            directory: launch.directory,
            cluster: launch.cluster,
            laneCount: launch.laneCount,
            dispatch: launch.dispatch,
            namespace: launch.namespace
        )
        let system = ClusterSystem(process: launch.worker, options: options, logger: logger)
        terminations.serve(on: system.control) { signal in
            let end = LaneTimer { manta_signal_raise_default(signal) }
            system.control.wake(end, at: Lane.now + .seconds(1))
        }
        do {
            await system.chooseDispatch()
            try system.listen()
            try await join(launch, system)
        } catch {
            SessionDirectory.leave(options.endpoint(of: launch.worker))
            fail("this worker cannot join its cluster: \(error)")
        }
    }

    private static func join(_ launch: WorkerLaunch, _ system: ClusterSystem) async throws {
        let host = WorkerHost.make(in: system)
        let socket = try await greet(
            over: WorkerLaunch.controlDescriptor,
            on: system.control,
            greeting: system.greeting(to: launch.raylet, lane: Greeting.controlLane)
        )
        await withCheckedContinuation { continuation in
            system.control.execute {
                let connection = Connection(socket, system: system, lane: system.control)
                system.whenClosed(connection) { _ in
                    // The raylet is gone: whatever its actors are doing, nobody can reach them any more.
                    SessionDirectory.leave(system.options.endpoint(of: system.process))
                    _exit(0)
                }
                system.adopt(connection)
                continuation.resume()
            }
        }
        let gcs = try GCS.at(launch.gcs, using: system)
        system.setDirectory(GCSDirectory(gcs: gcs, lane: system.control))
        let client = ClusterClient(gcs: gcs, system: system)
        system.attach(ClusterMember(client: client, parts: host))
        let raylet = try Raylet.resolve(id: launch.rayletActor, using: system)
        try await raylet.workerReady(system.process)
        client.follow()
    }

    private static func fail(_ message: String) -> Never {
        let line = Array("manta: \(message)\n".utf8)
        _ = write(2, line, line.count)
        exit(70)  // EX_SOFTWARE
    }
}

/// Where test bundles become workers: called before their `main`, when the raylet asks for it.
@_cdecl("manta_worker_before_main")
func workerBeforeMain() {
    guard case .some(.some(let launch)) = WorkerMain.takeLaunch() else { return }
    // The main thread has nothing to do in a worker but to stay.
    _ = Task.detached { await WorkerMain.run(launch) }
    while true { pause() }
}
