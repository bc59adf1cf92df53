package import MantaTransport

/// Runs `body` to its end though the caller's task is cancelled or past its deadline: what has been decided is carried out.
///
/// Detached, because a task that inherited the caller's options would inherit its timeout too; it is awaited here.
package func uncancelled<R: Sendable>(on lane: Lane, _ body: @escaping @Sendable () async -> R) async -> R {
    await Task.detached(executorPreference: lane.tasks) { await body() }.value
}
