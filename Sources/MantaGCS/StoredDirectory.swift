package import MantaCore
internal import MantaWire

/// A directory as it was stored, for `ControlPlane(restoring:…)`.
package struct StoredDirectory: Sendable {
    package var identity: DirectoryIdentity
    var counters = StoredCounters()
    var nodes: [StoredNode] = []
    var processes: [StoredProcess] = []
    var actors: [StoredActor] = []
    var endings: [(actor: ActorID, leases: [StoredEnding])] = []
    var jobs: [StoredJob] = []

    /// An empty one.
    package init(_ identity: DirectoryIdentity) { self.identity = identity }

    /// - Parameter entries: All that were committed; none is a directory that is new.
    /// - Throws: ``ClusterError``: `incompatible` for a directory of a later version, `undecodable` for one that is damaged.
    package init(_ entries: [StoredEntry]) throws(ClusterError) {
        self.init(.new())
        guard !entries.isEmpty else { return }
        let identityKey = StoredEntry.Key(.identity, 0)
        guard let first = entries.first(where: { $0.key == identityKey })?.value else {
            throw .contradiction("it has \(entries.count) entries, and none that says whose it is")
        }
        // Before all others, because a later version may have written them in a way of its own.
        identity = try StoredIdentity.decode(first)
        for entry in entries {
            guard let bytes = entry.value else { continue }
            do { try add(entry.key, bytes) } catch {
                throw .contradiction("the entry \(entry.key.kind) \(entry.key.id) cannot be read: \(error)")
            }
        }
    }

    private mutating func add(_ key: StoredEntry.Key, _ bytes: [UInt8]) throws {
        switch key.kind {
        case .identity: break
        case .counters: counters = try CBOR.decode(StoredCounters.self, from: bytes)
        case .node: nodes.append(try CBOR.decode(StoredNode.self, from: bytes))
        case .process: processes.append(try CBOR.decode(StoredProcess.self, from: bytes))
        case .actor: actors.append(try CBOR.decode(StoredActor.self, from: bytes))
        case .job: jobs.append(try CBOR.decode(StoredJob.self, from: bytes))
        case .ending:
            endings.append(
                (
                    ActorID(scope: identity.cluster, number: key.id),
                    try CBOR.decode([StoredEnding].self, from: bytes)
                )
            )
        }
    }
}

/// The entry that says how to read all others.
private struct StoredIdentity: Codable {
    /// The version of the format that this program writes, and the latest that it reads.
    static let version = 1

    var version: Int
    var identity: DirectoryIdentity?

    static func decode(_ bytes: [UInt8]) throws(ClusterError) -> DirectoryIdentity {
        let stored: StoredIdentity
        do { stored = try CBOR.decode(StoredIdentity.self, from: bytes) } catch {
            throw .contradiction("what says whose it is cannot be read: \(error)")
        }
        guard stored.version <= version, let identity = stored.identity else {
            throw ClusterError(
                .incompatible,
                "the stored directory has format \(stored.version), and this version reads \(version)",
                hint: "start the head with the version that wrote it, or a later one"
            )
        }
        return identity
    }
}

extension DirectoryIdentity {
    /// As it is stored.
    package var entry: StoredEntry {
        get throws {
            let stored = StoredIdentity(version: StoredIdentity.version, identity: self)
            return StoredEntry(StoredEntry.Key(.identity, 0), try CBOR.encode(stored))
        }
    }
}

/// What the directory counts.
struct StoredCounters: Codable, Hashable, Sendable {
    /// The last number that an actor was given: it is not given again, also when the actor is forgotten.
    var lastActorNumber: UInt64 = 0
}

/// A member, or one that was declared dead.
struct StoredNode: Codable, Sendable {
    var id: NodeID
    /// `nil` for a dead one.
    var registration: NodeRegistration?
    /// Members are in the order in which they joined, the dead in that in which they were declared so.
    var number: UInt64
    var isDraining: Bool?
}

struct StoredProcess: Codable, Sendable {
    var record: ProcessRecord
    var deathNumber: UInt64?
}

/// A lease that is being ended.
struct StoredEnding: Codable, Sendable {
    var epoch: UInt32
    var node: NodeID
    var demand: Resources
    var isReserved: Bool
    var cause: DeathCause
}
