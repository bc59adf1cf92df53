internal import CMantaShims
internal import Glibc
internal import MantaCore
internal import MantaRaylet
internal import MantaRuntime
import Synchronization

/// What this process was started as: variables of its environment tell.
enum ProcessRole {
    case driver
    case worker(WorkerLaunch)
    case node(NodeLaunch)
    /// A worker or node that has started already.
    case started

    private static let hasStarted = Mutex(false)

    /// Returns in a driver. In a worker or node process, serves in that role for the rest of its life; of many tasks that
    /// come here, the first one does.
    ///
    /// - Throws: ``ClusterError`` with code `invalidArgument` in an actor, which has a system and would wait for ever.
    static func serveUnlessDriver() async throws {
        if hasStarted.withLock({ $0 }), CallContext.isInActor {
            throw ClusterError(
                .invalidArgument,
                "run and connect are for a program's start, not for an actor in a worker",
                hint: "use the actor's actorSystem"
            )
        }
        switch take() {
        case .driver: return
        case .worker(let launch): await WorkerMain.run(launch)
        case .node(let launch): await NodeMain.run(launch)
        case .started: break
        }
        await ProcessEnd.forever()
    }

    /// The role, for the one who is to play it.
    fileprivate static func take() -> ProcessRole {
        hasStarted.withLock { hasStarted in
            guard !hasStarted else { return .started }
            let role: ProcessRole
            if let launch: WorkerLaunch = launch(WorkerLaunch.variable) {
                role = .worker(launch)
            } else if let launch: NodeLaunch = launch(NodeLaunch.variable) {
                role = .node(launch)
            } else {
                return .driver
            }
            hasStarted = true
            // Programs that the actors start are no workers.
            unsetenv(WorkerLaunch.beforeMainVariable)
            return role
        }
    }

    private static func launch<Launch: LaunchRecord>(_ variable: String) -> Launch? {
        guard let text = getenv(variable) else { return nil }
        defer { unsetenv(variable) }
        do {
            return try Launch(encoded: String(cString: text))
        } catch {
            fail("\(variable) is set, but not to what a raylet or driver sets it to (\(error)): unset it")
        }
    }

    /// Makes this process one that a driver or raylet has started, and has SIGTERM wait for whoever serves what comes
    /// back. `descriptor`, which it was started with, is not for programs that it starts itself.
    static func settle(keeping descriptor: Int32) -> SignalSource {
        // Ctrl-C reaches all processes of a terminal; the driver ends the others in order.
        manta_ignore_signal(SIGINT)
        let terminations = SignalSource()
        terminations.hold([SIGTERM])
        manta_line_buffer_stdout()
        _ = manta_set_close_on_exec(descriptor)
        return terminations
    }

    /// Ends the process, which cannot do what it was started for.
    static func fail(_ message: String) -> Never {
        let line = Array("manta: \(message)\n".utf8)
        _ = write(2, line, line.count)
        exit(70)  // EX_SOFTWARE
    }
}

/// Where test bundles become workers and nodes: called before their `main`, when whoever started them asks for it.
@_cdecl("manta_worker_before_main")
func serveBeforeMain() {
    let role = ProcessRole.take()
    switch role {
    case .driver, .started: return
    case .worker, .node: break
    }
    // The main thread has nothing to do but to stay.
    _ = Task.detached {
        switch role {
        case .worker(let launch): await WorkerMain.run(launch)
        case .node(let launch): await NodeMain.run(launch)
        case .driver, .started: break
        }
    }
    while true { pause() }
}
