internal import Foundation
package import MantaCore
package import MantaGCS
internal import Synchronization

/// Elects one of several heads through etcd, and keeps the directory there.
///
/// Who leads has made the key `leader` with a lease that ends 3 s after it was last renewed; the others look every 0.2 s
/// whether it is there. Every change of the directory compares when the key was made, so one who has been succeeded
/// changes nothing, whatever it still believes.
package final class EtcdElection: Sendable {
    private static let ttl = Duration.seconds(3)
    private static let pause = Duration.milliseconds(200)

    private let client: EtcdClient
    private let prefix: String
    private let key: EtcdKey
    private let leadership = Mutex<EtcdLeadership?>(nil)

    /// - Parameters:
    ///   - endpoints: Of the members of etcd: URLs.
    ///   - cluster: Whose directory it is: clusters of different names can share an etcd.
    /// - Throws: ``ClusterError`` with code `invalidArgument`.
    package init(endpoints: [String], cluster: String) throws(ClusterError) {
        guard !cluster.isEmpty, cluster.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "/") })
        else {
            throw ClusterError(
                .invalidArgument,
                "\"\(cluster)\" is no name for a cluster in etcd",
                hint: "use letters, digits and dashes"
            )
        }
        client = try EtcdClient(endpoints)
        prefix = "/manta/\(cluster)/"
        key = EtcdKey(prefix + "leader")
    }

    /// Waits until this head is elected.
    ///
    /// - Parameter address: Where others reach it: what ``leader()`` tells.
    /// - Returns: The directory, which nobody may change who was elected before.
    /// - Throws: `CancellationError`, and ``ClusterError`` with code `notConnected` when etcd does not answer.
    package func campaign(at address: NodeAddress) async throws -> any DirectoryStorage {
        while true {
            try Task.checkCancellation()
            let found = try await client.ask("kv/range", EtcdRequest.range(key), as: EtcdAnswer.Range.self)
            if found.kvs?.isEmpty != false, let leadership = try await stand(at: address) {
                self.leadership.withLock { $0 = leadership }
                leadership.begin()
                return EtcdStorage(leadership, prefix: prefix)
            }
            try await Task.sleep(for: Self.pause)
        }
    }

    /// Tries to be elected while nobody leads.
    private func stand(at address: NodeAddress) async throws -> EtcdLeadership? {
        let granted = ContinuousClock.now
        let answer = try await client.ask(
            "lease/grant",
            "{\"TTL\":\"\(Self.ttl.components.seconds)\"}",
            as: EtcdAnswer.Lease.self
        )
        guard let lease = answer.id else { throw EtcdError(code: nil, message: answer.error) }
        let put = EtcdRequest.put(key, Array("\(address)".utf8), lease: lease)
        do {
            let outcome = try await client.ask(
                "kv/txn",
                EtcdRequest.transaction(if: [EtcdRequest.wasMade(key, at: "0")], [put]),
                as: EtcdAnswer.Transaction.self
            )
            if outcome.succeeded == true, let revision = outcome.header.revision {
                return EtcdLeadership(
                    client,
                    key: key,
                    revision: revision,
                    lease: lease,
                    ttl: Self.ttl,
                    granted: granted
                )
            }
        } catch {
            // It may have been made: it must not stay.
            await revoke(lease)
            throw error
        }
        await revoke(lease)
        return nil
    }

    private func revoke(_ lease: String) async {
        let client = client
        // Also for one that is cancelled. If it fails, the lease ends by itself.
        await Task.detached {
            _ = try? await client.ask("lease/revoke", "{\"ID\":\"\(lease)\"}", as: EtcdAnswer.Nothing.self)
        }.value
    }

    /// Where the head is that leads now; `nil` when none does.
    ///
    /// - Throws: ``ClusterError`` with code `notConnected` when etcd does not answer.
    package func leader() async throws -> NodeAddress? {
        let found = try await client.ask("kv/range", EtcdRequest.range(key), as: EtcdAnswer.Range.self)
        guard let value = found.kvs?.first?.value else { return nil }
        return try? NodeAddress(String(decoding: value, as: UTF8.self))
    }

    /// Lets another head be elected at once.
    package func resign() async { await leadership.withLock { $0.take() }?.resign() }
}
