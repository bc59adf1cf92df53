internal import Distributed
internal import Logging
package import MantaCore
internal import MantaRuntime
import MantaTransport

// Drivers, and whether those are there that do not host the GCS: a job ends with its driver.

extension GCS {
    private static let driverPause = Duration.milliseconds(50)
    /// How long the actors of a driver that ends have to end in order.
    private static let leavingLimit = Duration.seconds(2)

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
                let isRefusal = (error as? ClusterError)?.isRefusal == true
                var isSpared = false
                // Only then it matters.
                if !isRefusal, end <= Lane.now { isSpared = await isUndecided(driver) }
                if drivers.missed(driver, isRefusal: isRefusal, isUndecided: isSpared, now: Lane.now) {
                    let record = plane.directory.process(driver)
                    system.logger.warning(
                        "a driver is gone: its job ends",
                        metadata: [
                            "process": "\(driver)",
                            "pid": "\(record?.operatingSystemID ?? 0)",
                            "at": "\(record.map { "\($0.endpoint)" } ?? "")",
                            "reason": "\((error as? ClusterError)?.message ?? "it is silent")",
                        ]
                    )
                    return driverLeft(driver)
                }
            }
            try? await Task.sleep(for: Self.driverPause)
        }
    }

    /// Whether the machine of a driver that is silent may be cut off: then the driver says as little as that.
    private func isUndecided(_ driver: ProcessID) async -> Bool {
        guard let place = plane.directory.process(driver)?.endpoint else { return false }
        let nodes = plane.nodes(at: place)
        guard !nodes.isEmpty else { return false }
        guard let node = nodes.last(where: { !plane.membership.isSuspect($0) }), let raylet = raylets[node]
        else { return true }
        // Its link may be lost too, and that be known a moment later.
        return await !answers(raylet)
    }

    /// A driver ends in order: returns when the actors of its job have ended too, so that their names are free when the program
    /// is over. Whatever comes between, the job ends with the driver's link.
    package distributed func driverLeaves(_ driver: ProcessID) async throws {
        while true {
            // Again each time: one may have been on its way.
            try await stepDurably { $0.jobEnded(driver, within: Self.leavingLimit, now: Lane.now) }
            guard let actor = plane.directory.owned(by: .job(driver)).first else { break }
            await wait(for: .change(actor))
            try checkWaiting()
        }
        driverLeft(driver)
        try await committed()
    }

    private func driverLeft(_ process: ProcessID) {
        guard drivers.remove(process) else { return }
        step { plane in
            plane.processLeft(process, .released, incarnations: [], now: Lane.now)
            plane.jobEnded(process, now: Lane.now)
        }
    }
}
