import MantaCore
internal import MantaWire

/// What has changed in a directory since the last time, on its way to the storage.
package struct DirectoryChanges: Sendable {
    /// An entry, without a value if it is removed.
    struct Change<ID: Hashable & Sendable, Value: Sendable>: Sendable {
        var id: ID
        var value: Value?
    }

    /// For the times in it.
    let clock: ClockReading
    let cluster: UInt64
    var counters: StoredCounters?
    var nodes: [Change<NodeID, StoredNode>] = []
    var processes: [Change<ProcessID, StoredProcess>] = []
    var actors: [Change<ActorID, Boxed<ActorRecord>>] = []
    var endings: [Change<ActorID, [StoredEnding]>] = []
    var jobs: [Change<ProcessID, StoredJob>] = []

    /// How many entries change.
    package var count: Int {
        (counters == nil ? 0 : 1) + nodes.count + processes.count + actors.count + endings.count
            + jobs.count
    }

    /// The changes as they are stored: some microseconds for each, so not for a lane that others wait for.
    package func entries() throws -> [StoredEntry] {
        var entries: [StoredEntry] = []
        entries.reserveCapacity(count)
        if let counters {
            entries.append(StoredEntry(StoredEntry.Key(.counters, 0), try CBOR.encode(counters)))
        }
        try append(nodes, as: .node, into: &entries, id: \.rawValue) { $0 }
        try append(processes, as: .process, into: &entries, id: \.rawValue) { $0 }
        try append(actors, as: .actor, into: &entries, id: \.number) { StoredActor($0.value, at: clock) }
        try append(endings, as: .ending, into: &entries, id: \.number) { $0 }
        try append(jobs, as: .job, into: &entries, id: \.rawValue) { $0 }
        return entries
    }

    private func append<ID, Value, Stored: Encodable>(
        _ changes: [Change<ID, Value>],
        as kind: StoredEntry.Kind,
        into entries: inout [StoredEntry],
        id: (ID) -> UInt64,
        _ stored: (Value) -> Stored
    ) throws {
        for change in changes {
            let bytes = try change.value.map { try CBOR.encode(stored($0)) }
            entries.append(StoredEntry(StoredEntry.Key(kind, id(change.id)), bytes))
        }
    }
}
