package import MantaCore

/// What the directory knows of a job: `running → ended`.
///
/// An ended one whose actors are all dead is only listed any more: nothing is built for it.
package struct JobRecord: Hashable, Sendable, Codable {
    /// Without its environment once it is only listed.
    package internal(set) var spec: JobSpec
    /// In seconds since 1 January 1970, UTC; `nil` while its driver lives.
    package internal(set) var endTime: Double?
    /// How many actors that are not dead are built from its program.
    package internal(set) var liveActorCount = 0
    /// How many jobs were only listed when this one came to be so.
    var listedNumber: UInt64?

    init(spec: JobSpec) { self.spec = spec }

    package var hasEnded: Bool { endTime != nil }
    /// Whether actors can be built for it.
    package var isKept: Bool { !hasEnded || liveActorCount > 0 }

    package var info: JobInfo {
        JobInfo(
            id: spec.id,
            state: hasEnded ? .ended : .running,
            namespace: spec.namespace,
            program: spec.program?.id,
            arguments: spec.arguments,
            driverProcessID: spec.driverProcessID,
            host: spec.host,
            startTime: spec.startTime,
            endTime: endTime,
            liveActors: liveActorCount
        )
    }
}
