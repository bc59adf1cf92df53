public import MantaCore
internal import MantaGCS
internal import MantaObjectStore
public import MantaRuntime
internal import MantaTransport

extension ClusterSystem {
    /// Makes an object of a value: one copy in the memory that the processes of this node share.
    ///
    /// `[UInt8]`, `Data` and arrays of fixed-size numbers are copied once and can be read in place; any other value is
    /// encoded. It never changes again, and lives as long as any process has a reference to it.
    ///
    /// - Parameters:
    ///   - value: What the object holds; it may hold references to other objects, which live as long as it does.
    ///   - owner: Whose end is the object's end: this process, or its node.
    /// - Returns: A reference.
    /// - Throws: ``ClusterError``: `storeFull` at once for what is larger than the store, and at the caller's deadline when
    ///   no room was made until then; `overloaded` when a stopped process holds the store's lock; `outOfDisk` when the disk has no room for what would be spilled; `notConnected`.
    ///   What the value's `encode(to:)` throws.
    public nonisolated(nonsending) func put<Value: Codable & Sendable>(
        _ value: Value,
        owner: ObjectOwner = .process
    ) async throws -> ObjectRef<Value> {
        guard let objects else { throw notConnected() }
        return try await objects.put(value, owner: owner)
    }

    /// Tells which of some objects are ready to be read, and waits until a number of them is.
    ///
    /// What `put` returns is ready, so as long as there are no others this returns at once. Objects that are gone count as ready: reading them says why. Of equal references the
    /// first counts.
    ///
    /// - Parameters:
    ///   - refs: References, in the order in which they are told apart.
    ///   - count: How many have to be ready; more than there are means all.
    ///   - timeout: How long to wait for them; `nil` is as long as it takes.
    /// - Returns: At most `count` that are ready, and all others, each in the order of `refs`.
    /// - Throws: ``ClusterError``: `invalidArgument` for a negative count.
    public func wait<Value>(
        for refs: [ObjectRef<Value>],
        count: Int,
        timeout: Duration? = nil
    ) async throws -> (ready: [ObjectRef<Value>], pending: [ObjectRef<Value>]) {
        guard count >= 0 else {
            throw ClusterError(.invalidArgument, "a wait for \(count) objects", hint: "count is 0 or more")
        }
        var seen: Set<ObjectRef<Value>> = []
        let distinct = refs.filter { seen.insert($0).inserted }
        return (Array(distinct.prefix(count)), Array(distinct.dropFirst(count)))
    }

    /// The copies of objects that the cluster's nodes have, in memory and on their disks.
    ///
    /// What their `storedByteCount` adds up to on a node is its ``NodeInfo/storeUsed`` at that moment. Nodes and owners
    /// that do not answer within a second are left out; references of the latter read as 0.
    public func objects() async throws -> [ObjectInfo] {
        var objects = try await client().bounded("listing of objects") { try await $0.objects() }
        let indices = Dictionary(grouping: objects.indices) { objects[$0].owner }
        let ids = indices.mapValues { $0.map { objects[$0].id } }
        for (owner, counts) in await counts(of: ids) {
            for (index, count) in zip(indices[owner] ?? [], counts) {
                objects[index].localReferences = count.local
                objects[index].borrowers = count.borrowers
                objects[index].inTransit = count.inTransit
            }
        }
        return objects
    }

    private func counts(of ids: [ProcessID: [ObjectID]]) async -> [ProcessID: [ReferenceTable.Counts]] {
        await withTaskGroup(of: (ProcessID, [ReferenceTable.Counts]?).self) { group in
            for (owner, ids) in ids {
                group.addTask(executorPreference: control.tasks) {
                    let counts = try? await withCallOptions(timeout: .seconds(1)) {
                        try await ObjectHost.at(owner, using: self).counts(of: ids)
                    }
                    return (owner, counts)
                }
            }
            var all: [ProcessID: [ReferenceTable.Counts]] = [:]
            for await (owner, counts) in group { all[owner] = counts }
            return all
        }
    }
}
