package import MantaCore

/// What went wrong in the cluster lately: nodes and workers that ended by themselves, actors that could not be made.
///
/// Actors that died with their worker or node are counted there, so that one crash is one entry.
package struct FailureLog: Sendable {
    /// What failed.
    package enum Subject: Hashable, Sendable, Codable {
        case node(NodeID, address: String)
        case worker(operatingSystemID: Int32, on: NodeID)
        case actor(ActorID, typeName: String, name: String?)
    }

    package struct Entry: Hashable, Sendable {
        package var time: Moment
        package var subject: Subject
        package var cause: DeathCause
        /// Actors that ended with it, whether they are restarted or not.
        package var actorCount: Int
    }

    private let limit: Int
    /// The oldest first.
    package private(set) var entries: [Entry] = []

    package init(limit: Int = 100) { self.limit = limit }

    /// The process of a worker or node has ended. One that was ended, or exited with 0, did not fail.
    mutating func ended(_ process: ProcessRecord, _ cause: DeathCause, actorCount: Int, now: Moment) {
        switch cause {
        case .exited(code: 0): return
        case .exited, .crashed, .outOfMemory: break
        default: return
        }
        let subject = Subject.worker(operatingSystemID: process.operatingSystemID, on: process.node)
        append(Entry(time: now, subject: subject, cause: cause, actorCount: actorCount))
    }

    mutating func died(_ node: NodeID, at address: String, actorCount: Int, now: Moment) {
        append(
            Entry(
                time: now,
                subject: .node(node, address: address),
                cause: .nodeDied(node),
                actorCount: actorCount
            )
        )
    }

    /// An incarnation of an actor has ended, or could not be made.
    mutating func ended(_ actor: ActorRecord, _ cause: DeathCause, now: Moment) {
        guard case .initFailed = cause else { return }
        let spec = actor.spec
        let subject = Subject.actor(spec.id, typeName: spec.typeName, name: spec.options.name)
        append(Entry(time: now, subject: subject, cause: cause, actorCount: 1))
    }

    private mutating func append(_ entry: Entry) {
        if entries.count >= limit { entries.removeFirst(entries.count - limit + 1) }
        entries.append(entry)
    }
}
