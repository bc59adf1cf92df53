/// Whether a call waits for its reply: see ``withCallOptions(timeout:retries:retryUnknown:reply:isolation:_:)``.
public enum ReplyMode: Hashable, Sendable {
    /// It returns what the method returns or throws.
    case awaited
    /// A call of a method without a result returns once it is handed to the link. It keeps its place among the
    /// calls of its task; whether it arrives, runs or throws, nobody learns. Other methods are called as ever.
    case ignored
}

/// Sets options for the calls that `body` makes, directly or in child tasks.
///
/// - Parameters:
///   - timeout: How long each call may take, from its start to its reply, waiting and all attempts included; `spawn`
///     too. `nil` keeps the timeout that is in force, which is 30 seconds where none was set; a longer one than one that
///     was set around it has no effect.
///   - retries: How often a call is sent again after its link, its worker or its node was lost, when the method
///     certainly has not run, or when the same incarnation of the actor can still tell: it keeps the replies of
///     such calls, and runs each once. What the method throws is never retried. `nil` keeps what is in force,
///     which is 0 where nothing was set.
///   - retryUnknown: Sends a call again also when an incarnation that is gone may have run it: it may then run
///     more than once. Where `retries` is `nil`, `false` keeps what is in force.
///   - reply: Whether calls wait for their replies. ``ReplyMode/awaited`` keeps what is in force.
///   - isolation: Where `body` runs; the caller's by default.
///   - body: Makes the calls.
/// - Returns: What `body` returns.
public func withCallOptions<R>(
    timeout: Duration? = nil,
    retries: Int? = nil,
    retryUnknown: Bool = false,
    reply: ReplyMode = .awaited,
    isolation: isolated (any Actor)? = #isolation,
    _ body: () async throws -> R
) async rethrows -> R {
    var context = CallContext.current ?? CallContext()
    if let timeout { context.timeout = min(timeout, context.timeout ?? timeout) }
    if let retries {
        context.retries = max(0, retries)
        context.retryUnknown = retryUnknown
    } else if retryUnknown {
        context.retryUnknown = true
    }
    if reply == .ignored { context.reply = .ignored }
    return try await CallContext.$current.withValue(context, operation: body)
}
