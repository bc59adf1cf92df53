internal import CMantaShims
internal import Glibc
internal import MantaCore
internal import MantaRaylet
internal import MantaRuntime
internal import MantaTransport

/// The life of a worker process.
enum WorkerMain {
    /// Serves actors until the raylet closes the control socket, then ends the process.
    static func run(_ launch: WorkerLaunch) async {
        // SIGTERM from a supervisor reaches all processes, as Ctrl-C does. The driver has a moment to end its workers;
        // sent to a worker alone, it counts.
        let terminations = ProcessRole.settle(keeping: WorkerLaunch.controlDescriptor)
        // For arguments and results of some ten KiB to some MiB, of which several are under way at a time.
        manta_keep_freed_memory()
        let worker: WorkerSystem
        do { worker = try WorkerSystem(launch) } catch {
            ProcessRole.fail("this worker cannot join its cluster: \(error)")
        }
        let control = worker.system.control
        terminations.serve(on: control) { signal in
            let end = LaneTimer { manta_signal_raise_default(signal) }
            control.wake(end, at: Lane.now + .seconds(1))
        }
        do {
            try await worker.join(over: WorkerLaunch.controlDescriptor) {
                worker.leaveDirectory()
                _exit(0)
            }
        } catch {
            worker.leaveDirectory()
            ProcessRole.fail("this worker cannot join its cluster: \(error)")
        }
    }
}
