internal import Foundation
internal import FoundationNetworking
internal import Synchronization

/// One request over HTTP, which ends by its deadline whatever the session does: `waiting → ended`.
///
/// A session's own timeout begins anew with every byte, and some of its requests never end.
final class HTTPExchange: Sendable {
    enum Outcome: Sendable {
        case answer(Data, status: Int)
        case failed(String)
        case timedOut
        case cancelled
    }

    private let state = Mutex(State())

    private struct State {
        var outcome: Outcome?
        var waiter: CheckedContinuation<Outcome, Never>?
        var task: URLSessionDataTask?
    }

    private init() {}

    /// - Parameters:
    ///   - request: What is asked.
    ///   - session: Who asks it.
    ///   - limit: How long it may take.
    /// - Returns: How it ended.
    static func run(_ request: URLRequest, in session: URLSession, within limit: Duration) async -> Outcome {
        let exchange = HTTPExchange()
        let task = session.dataTask(with: request) { data, response, error in
            if let data, let response = response as? HTTPURLResponse {
                exchange.end(.answer(data, status: response.statusCode))
            } else {
                exchange.end(.failed(error?.localizedDescription ?? "no answer"))
            }
        }
        exchange.state.withLock { $0.task = task }
        let milliseconds = Int(
            limit.components.seconds * 1_000 + limit.components.attoseconds / 1_000_000_000_000_000
        )
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { [weak exchange] in
            exchange?.end(.timedOut)
        }
        return await withTaskCancellationHandler {
            task.resume()
            return await withCheckedContinuation { exchange.wait($0) }
        } onCancel: {
            exchange.end(.cancelled)
        }
    }

    private func wait(_ waiter: CheckedContinuation<Outcome, Never>) {
        let outcome = state.withLock { state in
            if state.outcome == nil { state.waiter = waiter }
            return state.outcome
        }
        if let outcome { waiter.resume(returning: outcome) }
    }

    private func end(_ outcome: Outcome) {
        let (waiter, task) = state.withLock { state in
            guard state.outcome == nil else {
                return (nil as CheckedContinuation<Outcome, Never>?, nil as URLSessionDataTask?)
            }
            state.outcome = outcome
            return (state.waiter.take(), state.task.take())
        }
        waiter?.resume(returning: outcome)
        if case .answer = outcome { return }
        task?.cancel()
    }
}
