internal import Manta
internal import MantaCore
internal import MantaRaylet
import Synchronization

/// A node in the test's own process.
final class InProcessNode: NodeBackend {
    private let host: NodeHost
    private let launcher = InProcessLauncher()
    private let brake = Mutex<LaneBrake?>(nil)

    init(_ launch: NodeLaunch) async throws {
        host = try await NodeHost.make(launch, launcher: launcher) {}
    }

    func join(isMember: @escaping @Sendable () async throws -> Bool) async throws { try await host.join() }

    var hasEnded: Bool { host.system.isCutOff && launcher.workers.isEmpty }

    func kill() async {
        // The raylet first: it is not to report the end of its workers, nor to start others.
        launcher.close()
        host.cutOff()
        launcher.killAll()
        await resume()
    }

    func pause() async {
        let systems = [host.system] + launcher.workers.map(\.system)
        let brake = await LaneBrake.engage(
            systems.flatMap { [$0.control] + $0.lanes + $0.hosted.allOwnLanes }
        )
        self.brake.withLock { $0 = brake }
    }

    func resume() async { await brake.withLock { $0.take() }?.release() }

    func killWorker(_ worker: ProcessID, _ operatingSystemID: Int32) {
        launcher.workers.first { $0.id == worker }?.kill()
    }

    func stop() async {
        await host.stop()
        launcher.close()
        launcher.killAll()
        await launcher.allStopped()
    }
}
