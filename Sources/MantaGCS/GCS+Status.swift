internal import Distributed
package import MantaCore
internal import MantaRuntime
internal import MantaScheduling
internal import MantaTransport

// What those ask who look at the cluster and are no part of it.

extension GCS {
    /// How the cluster is.
    package distributed func status() async -> ClusterStatus {
        let nodes = await nodes()
        let now = Lane.now
        return ClusterStatus(
            cluster: actorSystem.options.cluster,
            version: Release.version,
            uptime: now.since(startTime),
            storage: durable?.storage.name ?? "memory",
            headAddress: actorSystem.options.network.map { "\($0.address)" },
            nodes: nodes.map { node in
                ClusterStatus.Node(
                    info: node,
                    actorCount: plane.scheduler.placementCount(on: node.id)
                )
            },
            actors: plane.directory.actorCounts,
            driverCount: drivers.count,
            demands: plane.demands(at: now),
            failures: plane.failures.entries.reversed().map { entry in
                ClusterStatus.Failure(
                    age: now.since(entry.time),
                    subject: entry.subject,
                    cause: entry.cause,
                    actorCount: entry.actorCount
                )
            }
        )
    }
}

extension ControlPlane {
    /// What actors wait for.
    ///
    /// - Complexity: O(*d* · *n*) in the numbers of different requests that wait and of nodes.
    package func demands(at now: Moment) -> [ClusterStatus.Demand] {
        let nodeless = Dictionary(grouping: nodeless.keys.compactMap { directory.actor($0) }) {
            $0.spec.request
        }
        return scheduler.waitingLines().map { demand in
            let patience = waiting[demand.oldest].flatMap(directory.actor)?.spec.options.placementTimeout
            let rest = demand.deadline.since(now)
            return ClusterStatus.Demand(
                resources: demand.request.resources,
                placement: demand.request.placement,
                count: demand.count,
                waited: max(.zero, (patience ?? rest) - rest),
                patience: rest,
                reason: scheduler.lack(of: demand.request)
            )
        }
            + nodeless.sorted { "\($0.key)" < "\($1.key)" }.map { request, records in
                ClusterStatus.Demand(
                    resources: request.resources,
                    placement: request.placement,
                    count: records.count,
                    waited: now.since(records.compactMap { self.nodeless[$0.id] }.min() ?? now),
                    patience: nil,
                    reason: scheduler.lack(of: request)
                )
            }
    }
}
