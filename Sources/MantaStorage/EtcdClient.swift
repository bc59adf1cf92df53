internal import Foundation
internal import FoundationNetworking
internal import MantaCore
internal import Synchronization

/// Talks to etcd's v3 API in JSON, which every etcd serves beside gRPC.
///
/// Whatever it asks may be asked again: a request that got no answer is sent to the next of the endpoints.
final class EtcdClient: Sendable {
    /// How long one endpoint has for an answer, so that another can be asked before a lease is over.
    private static let timeout = Duration.seconds(1)

    private let endpoints: [URL]
    private let session: Mutex<URLSession>
    /// The endpoint that answered last.
    private let current = Atomic<Int>(0)

    /// - Throws: ``ClusterError`` with code `invalidArgument` for what is no URL.
    init(_ texts: [String]) throws(ClusterError) {
        var endpoints: [URL] = []
        for text in texts {
            guard let url = URL(string: text), ["http", "https"].contains(url.scheme), url.host() != nil
            else {
                throw ClusterError(
                    .invalidArgument,
                    "\"\(text)\" is no address of etcd",
                    hint: "it is a URL such as http://10.0.0.1:2379"
                )
            }
            endpoints.append(url)
        }
        guard !endpoints.isEmpty else {
            throw ClusterError(
                .invalidArgument,
                "no address of etcd is given",
                hint: "such as http://10.0.0.1:2379"
            )
        }
        self.endpoints = endpoints
        session = Mutex(Self.newSession())
    }

    deinit { session.withLock { $0.invalidateAndCancel() } }

    private static func newSession() -> URLSession {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = 5
        return URLSession(configuration: configuration)
    }

    /// After a request that got no answer: what is wrong may be wrong with the session.
    private func renew(_ old: URLSession) {
        session.withLock { session in
            if session === old { session = Self.newSession() }
        }
        old.invalidateAndCancel()
    }

    /// Asks once, each endpoint in turn until one answers.
    ///
    /// - Parameters:
    ///   - method: The path after `/v3/`.
    ///   - body: The request, in JSON.
    ///   - type: Of the answer.
    /// - Returns: The answer.
    /// - Throws: ``EtcdError`` when etcd refuses, ``ClusterError`` with code `notConnected` when none answers, and
    ///   `CancellationError`.
    func ask<Answer: Decodable & Sendable>(
        _ method: String,
        _ body: String,
        as type: Answer.Type
    ) async throws -> Answer {
        var failure: (any Error)?
        let first = current.load(ordering: .relaxed)
        for attempt in 0..<endpoints.count {
            let index = (first + attempt) % endpoints.count
            do {
                let answer = try await ask(endpoints[index], method, body, as: type)
                current.store(index, ordering: .relaxed)
                return answer
            } catch let error as EtcdError where !error.isPassing {
                throw error
            } catch {
                try Task.checkCancellation()
                failure = error
            }
        }
        let reason = failure.map { "\($0)" } ?? "no endpoint"
        throw ClusterError(
            .notConnected,
            "etcd does not answer at \(endpoints.map(\.absoluteString).joined(separator: ", ")): \(reason)",
            hint:
                "see that etcd runs, that more than half of its members do, and that it can be reached from here"
        )
    }

    private func ask<Answer: Decodable & Sendable>(
        _ endpoint: URL,
        _ method: String,
        _ body: String,
        as type: Answer.Type
    ) async throws -> Answer {
        var request = URLRequest(url: endpoint.appending(path: "v3/" + method))
        request.httpMethod = "POST"
        request.httpBody = Data(body.utf8)
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        let session = session.withLock { $0 }
        let outcome = await HTTPExchange.run(request, in: session, within: Self.timeout)
        let decoder = JSONDecoder()
        switch outcome {
        case .answer(let data, status: 200): return try decoder.decode(type, from: data)
        case .answer(let data, status: let status):
            throw (try? decoder.decode(EtcdError.self, from: data))
                ?? EtcdError(code: nil, message: "it answers with status \(status) of HTTP")
        case .failed(let reason): throw EtcdError(code: nil, message: reason)
        case .timedOut:
            renew(session)
            throw EtcdError(code: nil, message: "no answer within \(Self.timeout)")
        case .cancelled: throw CancellationError()
        }
    }
}

/// What etcd says when it does not do what it was asked.
struct EtcdError: Error, Decodable, CustomStringConvertible {
    /// As in gRPC.
    var code: Int?
    var message: String?

    var description: String { message ?? "error \(code ?? -1)" }

    /// Whether another member, or a moment later, may answer: the members have no leader, or this one is ending.
    var isPassing: Bool {
        switch code {
        // Not from etcd, unknown, deadline exceeded, unavailable.
        case nil, 2, 4, 14: true
        default: false
        }
    }

    /// The request is larger than etcd takes.
    var isTooLarge: Bool { code == 3 || code == 8 }
}
