internal import Foundation
internal import MantaCore
internal import Synchronization

/// Being the head of a cluster, by a lease of etcd: `held → lost`.
///
/// It lasts while the lease is renewed. Time is counted from before each renewal was asked for, so this side knows that it
/// is over before etcd lets another one be elected.
final class EtcdLeadership: Sendable {
    let client: EtcdClient
    /// The key that is there as long as somebody leads.
    let key: EtcdKey
    /// When the key was made: no other leader has the same.
    let revision: String
    private let lease: String
    private let ttl: Duration
    private let state: Mutex<State>
    private let renewal = Mutex<Task<Void, Never>?>(nil)

    private struct State {
        var end: ContinuousClock.Instant
        var loss: ClusterError?
        var onLost: (@Sendable (ClusterError) -> Void)?
    }

    /// - Parameters:
    ///   - client: How etcd is reached.
    ///   - key: What was made with the lease.
    ///   - revision: When.
    ///   - lease: The lease's number.
    ///   - ttl: How long it lasts without being renewed.
    ///   - granted: Before when it was asked for.
    init(
        _ client: EtcdClient,
        key: EtcdKey,
        revision: String,
        lease: String,
        ttl: Duration,
        granted: ContinuousClock.Instant
    ) {
        self.client = client
        self.key = key
        self.revision = revision
        self.lease = lease
        self.ttl = ttl
        state = Mutex(State(end: granted + ttl))
    }

    /// Begins to renew the lease. Unstructured, because it lasts as long as the leadership: its end, or `resign()`, ends it.
    func begin() {
        let task = Task.detached { [self] in await renew() }
        renewal.withLock { $0 = task }
    }

    /// When it is over if nothing renews it any more.
    var end: ContinuousClock.Instant { state.withLock { $0.end } }

    /// Why it is over; `nil` while it is not.
    var loss: ClusterError? { state.withLock { $0.loss } }

    /// Calls `lost` when it is over, unless it is given up; at once if it is over already.
    func whenLost(_ lost: @escaping @Sendable (ClusterError) -> Void) {
        let loss = state.withLock { state in
            state.onLost = lost
            return state.loss
        }
        if let loss { lost(loss) }
    }

    /// It is over.
    func lost(_ why: String) {
        let error = ClusterError(
            .notConnected,
            "this head leads the cluster no longer: \(why)",
            hint: "another head serves now, or will; this one may stand for election again"
        )
        let onLost = state.withLock { state -> (@Sendable (ClusterError) -> Void)? in
            guard state.loss == nil else { return nil }
            state.loss = error
            return state.onLost
        }
        renewal.withLock { $0.take() }?.cancel()
        onLost?(error)
    }

    /// Gives it up, so that another head can be elected at once.
    func resign() async {
        let wasHeld = state.withLock { state in
            state.onLost = nil
            guard state.loss == nil else { return false }
            state.loss = ClusterError(.notConnected, "this head has resigned")
            return true
        }
        let task = renewal.withLock { $0.take() }
        task?.cancel()
        await task?.value
        guard wasHeld else { return }
        _ = try? await client.ask("lease/revoke", "{\"ID\":\"\(lease)\"}", as: EtcdAnswer.Nothing.self)
    }

    private func renew() async {
        let pause = ttl / 4
        while !Task.isCancelled, loss == nil {
            let asked = ContinuousClock.now
            if asked >= end { return lost("its lease was not renewed for \(ttl)") }
            if let answer = try? await client.ask(
                "lease/keepalive",
                "{\"ID\":\"\(lease)\"}",
                as: EtcdAnswer.KeptAlive.self
            ) {
                // Without a time to live the lease has gone.
                guard let seconds = answer.result?.ttl, seconds != "0" else {
                    return lost("etcd has ended its lease")
                }
                state.withLock { $0.end = asked + ttl }
            }
            let next = min(asked + pause, end)
            try? await Task.sleep(
                until: max(next, ContinuousClock.now + .milliseconds(20)),
                clock: .continuous
            )
        }
    }
}
