internal import CMantaShims
package import MantaCore
internal import MantaTransport

/// What calls made by a task inherit: the deadline of the call that the task serves, and the options set
/// around them.
package struct CallContext: Sendable {
    /// The deadline of the call being served; a call made while serving it ends no later.
    var deadline = Moment.distantFuture
    /// That call, and the task that serves it.
    var serving: ServedCall?
    var servingTask: UInt = 0
    /// For each call made in this scope.
    var timeout: Duration?
    var retries = 0
    var retryUnknown = false
    var reply = ReplyMode.awaited

    @TaskLocal package static var current: CallContext?

    /// A call that nobody gave a timeout ends after this.
    package static let defaultTimeout = Duration.seconds(30)

    /// Whether the current task serves a call, or creates an actor.
    package static var isInActor: Bool { current?.serving != nil || ActorCreation.current != nil }

    /// By when a call that starts now has to end.
    package static func deadline(from now: Moment) -> Moment {
        guard let context = current else { return now + defaultTimeout }
        let own = now + (context.timeout ?? defaultTimeout)
        return context.isServing ? min(own, context.deadline) : own
    }

    /// Whether the current task serves the call, or is a child of a task that does. A task-local value also
    /// reaches an unstructured `Task { }`, which outlives the call and so does not have its deadline.
    private var isServing: Bool {
        guard let serving, !serving.hasEnded else { return false }
        return (manta_task_identity() == servingTask || manta_task_is_child() != 0)
    }
}
