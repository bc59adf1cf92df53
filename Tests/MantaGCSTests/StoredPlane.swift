import MantaCore
@testable import MantaGCS
import MantaScheduling
import Testing

let gcsProcess = ProcessID(0x6)

/// The storage of a control plane under test, in memory.
struct StoredPlane {
    var entries: [StoredEntry.Key: [UInt8]] = [:]
    private var identity = DirectoryIdentity(cluster: cluster, process: gcsProcess, epoch: 1)

    static func newPlane() -> ControlPlane {
        do {
            let stored = StoredDirectory(
                DirectoryIdentity(cluster: cluster, process: gcsProcess, epoch: 1)
            )
            return try ControlPlane(restoring: stored, seed: 1, at: clock(origin))
        } catch {
            preconditionFailure("an empty directory cannot be restored: \(error)")
        }
    }

    static func clock(_ now: Moment) -> ClockReading {
        ClockReading(moment: now, calendar: Int64(now.nanoseconds) + 1_700_000_000_000_000_000)
    }

    /// Stores what has changed.
    mutating func commit(_ plane: inout ControlPlane, now: Moment) {
        do {
            for entry in try plane.takeChanges(at: Self.clock(now)).entries() {
                entries[entry.key] = entry.value
            }
        } catch {
            Issue.record("cannot encode the changes: \(error)")
        }
        #expect(!plane.hasChanges)
    }

    /// The plane that the next head begins with.
    mutating func restored(now: Moment) throws -> ControlPlane {
        identity.epoch += 1
        return try plane(now: now)
    }

    private func plane(now: Moment) throws -> ControlPlane {
        let all = entries.map { StoredEntry($0.key, $0.value) } + [try identity.entry]
        return try ControlPlane(restoring: StoredDirectory(all), seed: 1, at: Self.clock(now))
    }

    /// What is stored is this plane, but for what is made anew after a restart.
    func check(_ plane: ControlPlane, now: Moment) {
        let restored: ControlPlane
        do { restored = try self.plane(now: now) } catch {
            Issue.record("cannot restore: \(error)")
            return
        }
        let ids = plane.directory.actors().map(\.id)
        #expect(restored.directory.actors().map(\.id) == ids)
        for id in ids { #expect(restored.directory.actor(id) == plane.directory.actor(id)) }
        #expect(restored.directory.jobs() == plane.directory.jobs())
        for job in plane.directory.jobs() {
            #expect(restored.directory.job(job.id) == plane.directory.job(job.id))
        }
        #expect(restored.directory.actorCounts == plane.directory.actorCounts)
        #expect(restored.directory.processCounts == plane.directory.processCounts)
        for id in 0...20 {
            let process = ProcessID(UInt64(id))
            #expect(restored.directory.process(process) == plane.directory.process(process))
        }
        #expect(Set(restored.leases.all.keys) == Set(plane.leases.all.keys))
        for (key, lease) in plane.leases.all {
            let other = restored.leases[key]
            #expect(other?.node == lease.node && other?.state == lease.state)
            #expect(restored.leases.cause(of: key) == plane.leases.cause(of: key))
            #expect(other?.demand == lease.demand && other?.isReserved == lease.isReserved)
        }
        // Of a dead actor nothing is placed any more.
        let awaiting = plane.awaitingRelease.filter { plane.directory.actor($0.id)?.deathCause == nil }
        #expect(restored.awaitingRelease == awaiting)
        #expect(restored.scheduler.nodes() == plane.scheduler.nodes())
        for node in (0...9).map({ NodeID($0) }) {
            #expect(restored.membership.isMember(node) == plane.membership.isMember(node))
            #expect(restored.membership.deathNumber(of: node) == plane.membership.deathNumber(of: node))
            #expect(restored.scheduler.ledger(of: node) == plane.scheduler.ledger(of: node))
            #expect(restored.scheduler.placementCount(on: node) == plane.scheduler.placementCount(on: node))
        }
    }
}
