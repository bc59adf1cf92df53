internal import Glibc
internal import Logging
internal import MantaRaylet
internal import MantaRuntime
internal import MantaTransport

/// The life of a node process: a raylet, with workers that are children of it.
enum NodeMain {
    /// Serves the node until whoever started it is gone, a signal comes, or the cluster has gone on without it; then
    /// ends its workers and the process.
    static func run(_ launch: NodeLaunch) async {
        let terminations = ProcessRole.settle(keeping: NodeLaunch.lifelineDescriptor)
        do {
            let host = try await start(launch)
            let lifeline = Lifeline(NodeLaunch.lifelineDescriptor) { end(host) }
            lifeline.start(on: host.system.control)
            terminations.serve(on: host.system.control) { _ in
                // Unstructured: a signal belongs to no task. It ends with the process.
                _ = Task.detached {
                    await host.stop()
                    _exit(0)
                }
            }
            do {
                try await host.join()
            } catch {
                host.abandon()
                throw error
            }
        } catch {
            ProcessRole.fail("this node cannot join its cluster: \(error)")
        }
    }

    private static func start(_ launch: NodeLaunch) async throws -> NodeHost {
        let launcher = ProcessLauncher(
            program: .current,
            outputLane: Lane(name: "manta-output", index: 253),
            logger: Logger(label: "manta.node", level: launch.logLevel)
        )
        return try await NodeHost.make(launch, launcher: launcher) {
            // There is nobody left who could be told of its end.
            SessionDirectory.leave(.unix(path: "\(launch.directory)/\(launch.process)"))
            _exit(0)
        }
    }

    private static func end(_ host: NodeHost) {
        host.abandon()
        _exit(0)
    }
}
