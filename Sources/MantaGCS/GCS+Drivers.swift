internal import Distributed
package import MantaCore
internal import MantaRuntime
import MantaTransport

// Drivers, and whether those are there that do not host the GCS: a job ends with its driver.

extension GCS {
    /// How long a driver on another machine has to come back that has lost its links.
    private static let driverGrace = Duration.seconds(3)
    private static let driverPause = Duration.milliseconds(50)

    /// Whether links can be lost whose two ends both live.
    private var hasNetwork: Bool { actorSystem.options.network != nil }

    /// A driver takes part in the cluster, and its job begins; perhaps again after it has lost its links.
    ///
    /// - Throws: `workerDied` when it was declared dead: its job has ended.
    package distributed func driverJoined(_ process: ProcessRecord, job: JobSpec) async throws {
        try await processJoined(process)
        let id = process.id
        try await stepDurably { plane in
            plane.driverJoined(id)
            plane.jobStarted(job)
        }
        guard id != actorSystem.process else { return }
        drivers.insert(id)
        actorSystem.watch(id, heartbeat: hasNetwork ? heartbeat : nil) { [callbacks] _ in
            callbacks.perform { $0.driverLost(id) }
        }
        if hasNetwork {
            driverLost(id)
        } else if !actorSystem.hasControlLink(with: id) {
            // It may have closed meanwhile, and told nobody.
            driverLeft(id)
        }
    }

    /// A link to a driver closed, or there is none yet from this side.
    private func driverLost(_ driver: ProcessID) {
        guard hasNetwork else { return driverLeft(driver) }
        guard drivers.contains(driver), soughtDrivers.insert(driver).inserted else { return }
        // A task of its own, because a link's end is what calls this. It ends when the driver is found, or given up.
        _ = Task(executorPreference: actorSystem.control.tasks) {
            await CallContext.$current.withValue(nil) { await self.seek(driver) }
        }
    }

    /// Makes the link by whose heartbeats both sides know of each other, until the driver is certainly gone or its time of
    /// grace is over.
    private func seek(_ driver: ProcessID) async {
        let system = actorSystem
        let end = Lane.now + Self.driverGrace
        var refusalCount = 0
        while drivers.contains(driver), Lane.now < end, refusalCount < 2 {
            do {
                try await withDeadline(end) { try await system.openControlLink(to: driver) }
                soughtDrivers.remove(driver)
                return
            } catch {
                refusalCount += (error as? ClusterError)?.code == .notConnected ? 1 : 0
            }
            try? await Task.sleep(for: Self.driverPause)
        }
        soughtDrivers.remove(driver)
        driverLeft(driver)
    }

    func driverLeft(_ process: ProcessID) {
        guard drivers.remove(process) != nil else { return }
        step { plane in
            plane.processLeft(process, .released, incarnations: [], now: Lane.now)
            plane.jobEnded(process, now: Lane.now)
        }
    }
}
