internal import CMantaShims
internal import Glibc
package import MantaCore
package import MantaTLS

/// Connects to `endpoint` and greets whoever answers.
///
/// - Parameters:
///   - endpoint: Where the process is.
///   - lane: Serves the connection.
///   - greeting: What this side says of itself; whom it wants is its target.
///   - network: How to reach other nodes; needed for endpoints on them.
/// - Returns: The socket, greeted.
/// - Throws: ``ClusterError`` with code `notConnected`, `unauthenticated` or `incompatible`; nothing was sent but the
///   greeting.
package func connect(
    to endpoint: Endpoint,
    on lane: Lane,
    greeting: Greeting,
    network: Network? = nil
) async throws(ClusterError) -> GreetedSocket {
    switch endpoint {
    case .unix(let path):
        let socket = manta_unix_connect(path)
        guard socket >= 0 else { throw unreachable(greeting.target, path, error: -socket) }
        return try await greet(over: Socket(socket), on: lane, greeting: greeting)
    case .node(let address):
        guard let network else {
            throw unreachable(greeting.target, "\(address)", "this process is in a cluster of one machine")
        }
        return try await connect(to: address, on: lane, greeting: greeting, tls: network.tls)
    }
}

/// Connects to a process behind the port of another node.
///
/// - Parameters:
///   - address: The node's.
///   - lane: Serves the connection.
///   - greeting: What this side says of itself.
///   - tls: Who it is.
///   - host: What its certificate has to be for: of the head, whose address a person has given. Other addresses come from
///     the cluster, where any certificate of its authority will do.
/// - Returns: The socket, greeted.
/// - Throws: ``ClusterError`` with code `notConnected`, `unauthenticated` or `incompatible`.
package func connect(
    to address: NodeAddress,
    on lane: Lane,
    greeting: Greeting,
    tls: TLSContext,
    host: String? = nil
) async throws(ClusterError) -> GreetedSocket {
    let number = try await numericHost(of: address, for: greeting.target)
    let descriptor = manta_tcp_connect(number, address.port)
    guard descriptor >= 0 else {
        throw unreachable(greeting.target, "\(address)", error: -descriptor)
    }
    let session: TLSSession
    do throws(ClusterError) {
        session = try tls.client(over: descriptor, host: host)
    } catch {
        _ = manta_close(descriptor)
        throw error
    }
    do throws(ClusterError) {
        return try await greet(
            over: Socket(descriptor, tls: session),
            on: lane,
            greeting: greeting,
            preamble: Preamble(.link, to: greeting.target)
        )
    } catch {
        var error = error
        error.message += " (\(greeting.target) at \(address))"
        error.outcome = .notExecuted
        throw error
    }
}

/// Says hello over a socket.
package func greet(
    over socket: Socket,
    on lane: Lane,
    greeting: Greeting,
    preamble: Preamble? = nil
) async throws(ClusterError) -> GreetedSocket {
    let result = await withCheckedContinuation { continuation in
        // Made here and not on the lane: one that has stopped only lets go of it, and that ends it.
        let exchange = GreetingExchange(
            socket: socket,
            lane: lane,
            role: .caller,
            greeting: greeting,
            preamble: preamble
        ) { result in
            continuation.resume(returning: result)
        }
        lane.execute { exchange.start() }
    }
    return try result.get()
}

/// The address of a host in numbers. Names are looked up on a thread of its own, because that may take seconds.
private func numericHost(of address: NodeAddress, for target: ProcessID) async throws(ClusterError) -> String
{
    guard manta_is_numeric_host(address.host) == 0 else { return address.host }
    let result: Result<String, ClusterError> = await withCheckedContinuation { continuation in
        startThread(named: "manta-resolve") {
            continuation.resume(
                returning: Result { () throws(ClusterError) in try address.resolved() }
            )
        }
    }
    do {
        return try result.get()
    } catch {
        throw unreachable(target, "\(address)", error.message)
    }
}

extension NodeAddress {
    /// Its host in numbers. Blocks, for a name perhaps for seconds.
    ///
    /// - Throws: ``ClusterError`` with code `notConnected` when nobody knows the name.
    package func resolved() throws(ClusterError) -> String {
        var text = [CChar](repeating: 0, count: 64)
        let status = manta_resolve(host, &text, text.count)
        guard status == 0 else {
            throw ClusterError(
                .notConnected,
                "the name \(host) is not known: \(String(cString: manta_resolve_error(status)))",
                outcome: .notExecuted
            )
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

private func unreachable(_ target: ProcessID, _ place: String, error number: Int32) -> ClusterError {
    var error = unreachable(target, place, describe(error: number))
    // A name that is not there is one of this machine's folders.
    error.isRefusal = number == ECONNREFUSED || number == ENOENT
    return error
}

private func unreachable(_ target: ProcessID, _ place: String, _ why: String) -> ClusterError {
    ClusterError(.notConnected, "cannot connect to \(target) at \(place): \(why)", outcome: .notExecuted)
}
