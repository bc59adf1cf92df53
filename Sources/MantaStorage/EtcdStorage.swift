internal import Foundation
package import MantaCore
package import MantaGCS
internal import Synchronization

/// A directory in etcd, for the head that leads.
///
/// | key, after `/manta/<cluster>/` | what it is |
/// | --- | --- |
/// | `leader` | made by the head that leads, with its lease: its address |
/// | `entries/<kind>/<id>` | an entry: its checksum in 4 bytes, then its value |
/// | `journal/<number>` | a part of a commit that is too large for one transaction |
/// | `committed` | how many parts the journal has: there as long as it has not been carried over into the entries |
/// | `sequence` | the number of the last transaction, and when its `leader` was made |
///
/// Every transaction compares when `leader` was made, so one who has been succeeded changes nothing. And it compares
/// `sequence`, and counts it on: a copy that was sent again because no answer came changes nothing either, however late it
/// is carried out. A commit of at most 120 entries and 1 MiB is one transaction; etcd's limits are 128 operations and
/// 1.5 MiB. A larger one is first written to the journal, in parts, and takes place with the transaction that makes
/// `committed`; then its entries are written, in as many transactions as it takes, and the journal is removed. Whoever loads
/// the directory finishes that first. So it is all there or not at all.
package final class EtcdStorage: DirectoryStorage {
    private static let operationLimit = 120
    /// Of one transaction, well below etcd's limit of 1.5 MiB for a request.
    private static let sizeLimit = 1 << 20
    private static let partSize = 500_000
    private static let pageSize = 2_000
    /// Between attempts while etcd does not answer.
    private static let pause = Duration.milliseconds(100)

    private let leadership: EtcdLeadership
    private let prefix: String
    /// The number of the last transaction of this head; `nil` before its first.
    private let sequence = Mutex<UInt64?>(nil)
    private var client: EtcdClient { leadership.client }

    init(_ leadership: EtcdLeadership, prefix: String) {
        self.leadership = leadership
        self.prefix = prefix
    }

    private var entriesPrefix: String { prefix + "entries/" }
    private var journalPrefix: String { prefix + "journal/" }
    private var committedKey: EtcdKey { EtcdKey(prefix + "committed") }
    private var sequenceKey: EtcdKey { EtcdKey(prefix + "sequence") }

    package var name: String { "etcd, \(prefix)" }

    package func whenLost(_ lost: @escaping @Sendable (ClusterError) -> Void) { leadership.whenLost(lost) }

    package func close() async { await leadership.resign() }

    // MARK: Loading

    package func load() async throws -> [StoredEntry] {
        try await finishJournal()
        return try await pairs(entriesPrefix).map { key, value in
            guard let key = StoredEntry.Key(etcd: key.dropFirst(entriesPrefix.utf8.count)) else {
                throw damaged("it has an entry of which the key is \(String(decoding: key, as: UTF8.self))")
            }
            guard let entry = StoredEntry(key, etcd: value) else {
                throw damaged("the entry \(key.kind) \(key.id) is not what was written")
            }
            return entry
        }
    }

    private func pairs(_ prefix: String) async throws -> [(key: Data, value: Data)] {
        var pairs: [(key: Data, value: Data)] = []
        var start: EtcdKey?
        var revision: String?
        while true {
            let request = EtcdRequest.range(
                prefix: prefix,
                from: start,
                limit: Self.pageSize,
                revision: revision
            )
            let page = try await ask("kv/range", request, as: EtcdAnswer.Range.self)
            // All pages as of one moment.
            revision = revision ?? page.header.revision
            let found = page.kvs ?? []
            pairs += found.map { ($0.key, $0.value ?? Data()) }
            guard page.more == true, let last = found.last else { return pairs }
            start = EtcdKey(following: last.key)
        }
    }

    private func damaged(_ what: String) -> ClusterError {
        ClusterError(
            .undecodable,
            "the directory at \(prefix) in etcd cannot be used: \(what)",
            hint:
                "put etcd back from a snapshot, or remove all keys under \(prefix) to begin with an empty directory"
        )
    }

    // MARK: Committing

    package func commit(_ changes: [StoredEntry]) async throws {
        let operations = changes.map { $0.operation(prefix: entriesPrefix) }
        let size = operations.reduce(0) { $0 + $1.utf8.count }
        if operations.count <= Self.operationLimit, size <= Self.sizeLimit {
            if !operations.isEmpty { try await transact(operations) }
        } else {
            try await commitByJournal(changes)
        }
    }

    private func commitByJournal(_ changes: [StoredEntry]) async throws {
        let parts = EtcdJournal.parts(of: changes, size: Self.partSize)
        for (number, part) in parts.enumerated() {
            try await transact([EtcdRequest.put(EtcdKey(journalPrefix + EtcdJournal.name(number)), part)])
        }
        let count = withUnsafeBytes(of: UInt32(parts.count).littleEndian) { Array($0) }
        try await transact([EtcdRequest.put(committedKey, count)])
        // From here on it has taken place.
        try await carryOver(changes)
    }

    /// Writes what the journal says, and removes it.
    private func carryOver(_ changes: [StoredEntry]) async throws {
        var batch: [String] = []
        var size = 0
        for entry in changes {
            let operation = entry.operation(prefix: entriesPrefix)
            if batch.count == Self.operationLimit || size + operation.utf8.count > Self.sizeLimit {
                try await transact(batch)
                (batch, size) = ([], 0)
            }
            batch.append(operation)
            size += operation.utf8.count
        }
        try await transact(batch)
        try await transact([EtcdRequest.delete(committedKey), EtcdRequest.delete(prefix: journalPrefix)])
    }

    /// Carries over what the head before this one committed, and could not.
    private func finishJournal() async throws {
        let found = try await ask("kv/range", EtcdRequest.range(committedKey), as: EtcdAnswer.Range.self)
        guard let bytes = found.kvs?.first?.value else {
            // Parts of a commit that never took place.
            return try await transact([EtcdRequest.delete(prefix: journalPrefix)])
        }
        let count = bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
        let parts = try await pairs(journalPrefix)
        guard parts.count == count, let changes = EtcdJournal.changes(in: parts.map { [UInt8]($0.value) })
        else {
            throw damaged("its journal has \(parts.count) parts of \(count), or they are damaged")
        }
        try await carryOver(changes)
    }

    /// Does all of this, once, if this head leads.
    private func transact(_ operations: [String]) async throws {
        let last = sequence.withLock { $0 }
        let next = (last ?? 0) + 1
        let isMine = EtcdRequest.wasMade(leadership.key, at: leadership.revision)
        let isNext =
            last.map { EtcdRequest.has(sequenceKey, mark($0)) }
            ?? EtcdRequest.wasChanged(sequenceKey, before: leadership.revision)
        let request = EtcdRequest.transaction(
            if: [isMine, isNext],
            operations + [EtcdRequest.put(sequenceKey, mark(next))],
            orElse: [EtcdRequest.get(sequenceKey)]
        )
        let outcome = try await ask("kv/txn", request, as: EtcdAnswer.Transaction.self)
        if outcome.succeeded != true {
            // An earlier copy of it may have been carried out without an answer.
            let found = outcome.responses?.first?.range?.kvs?.first?.value
            guard found.map({ [UInt8]($0) }) == mark(next) else {
                leadership.lost("a newer head has been elected, or its lease has ended")
                throw leadership.loss ?? ClusterError(.notConnected, "this head leads the cluster no longer")
            }
        }
        sequence.withLock { $0 = next }
    }

    /// What `sequence` says after a transaction of this head.
    private func mark(_ number: UInt64) -> [UInt8] { Array("\(leadership.revision):\(number)".utf8) }

    /// Asks until etcd answers, for as long as this head leads: it may take its members a moment to elect their own leader.
    private func ask<Answer: Decodable & Sendable>(
        _ method: String,
        _ body: String,
        as type: Answer.Type
    ) async throws -> Answer {
        while true {
            if let loss = leadership.loss { throw loss }
            do {
                return try await client.ask(method, body, as: type)
            } catch let error as EtcdError {
                throw ClusterError(
                    error.isTooLarge ? .overloaded : .notConnected,
                    "etcd refuses a change of the directory: \(error)",
                    hint: "look at etcd's own log; it may have no room (--quota-backend-bytes)"
                )
            } catch let error as ClusterError where error.code == .notConnected {
                guard ContinuousClock.now + Self.pause < leadership.end else { throw error }
                try await Task.sleep(for: Self.pause)
            }
        }
    }
}
