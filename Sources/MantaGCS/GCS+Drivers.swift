internal import Distributed
package import MantaCore
internal import MantaRuntime
import MantaTransport

// Drivers, and whether those are there that do not host the GCS: a job ends with its driver.

extension GCS {
    private static let driverPause = Duration.milliseconds(50)

    /// Whether links can be lost whose two ends both live.
    private var hasNetwork: Bool { actorSystem.options.network != nil }

    /// A driver takes part in the cluster, and its job begins; perhaps again after it has lost its links.
    ///
    /// - Throws: `workerDied` when it was declared dead: its job has ended.
    package distributed func driverJoined(_ process: ProcessRecord, job: JobSpec) async throws {
        try admit(process, try await stepDurably { $0.driverJoined(process, job: job) })
        let id = process.id
        guard id != actorSystem.process else { return }
        drivers.joined(id)
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
        guard drivers.lost(driver, now: Lane.now) else { return }
        // A task of its own, because a link's end is what calls this. It ends when the driver is found, or given up.
        _ = Task(executorPreference: actorSystem.control.tasks) {
            await CallContext.$current.withValue(nil) { await self.seek(driver) }
        }
    }

    /// Makes the link by whose heartbeats both sides know of each other, until the driver is certainly gone or its time of
    /// grace is over. While nothing is decided of its machine, nothing is of the driver.
    private func seek(_ driver: ProcessID) async {
        let system = actorSystem
        while let end = drivers.end(of: driver), endError == nil {
            do {
                try await withDeadline(end) { try await system.openControlLink(to: driver) }
                if drivers.found(driver) { return }
            } catch {
                let isGone = drivers.missed(
                    driver,
                    isRefusal: (error as? ClusterError)?.isRefusal == true,
                    isUndecided: isUndecided(driver),
                    now: Lane.now
                )
                if isGone { return driverLeft(driver) }
            }
            try? await Task.sleep(for: Self.driverPause)
        }
    }

    private func isUndecided(_ driver: ProcessID) -> Bool {
        plane.directory.process(driver).map { plane.isSuspect(at: $0.endpoint) } ?? false
    }

    func driverLeft(_ process: ProcessID) {
        guard drivers.remove(process) else { return }
        step { plane in
            plane.processLeft(process, .released, incarnations: [], now: Lane.now)
            plane.jobEnded(process, now: Lane.now)
        }
    }
}
