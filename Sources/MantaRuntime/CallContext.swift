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
    ///
    /// - Parameters:
    ///   - now: When it starts.
    ///   - timeout: Its own, if it has one: in the place of the default, and no longer than one that was set around it.
    /// - Returns: The deadline.
    package static func deadline(from now: Moment, timeout: Duration? = nil) -> Moment {
        guard let timeout else { return terms(from: now).deadline }
        var context = current ?? CallContext()
        context.timeout = min(timeout, context.timeout ?? timeout)
        return $current.withValue(context) { terms(from: now).deadline }
    }

    /// What holds for a call that starts now.
    static func terms(from now: Moment) -> CallTerms {
        guard let context = current else { return CallTerms(deadline: now + defaultTimeout) }
        var terms = CallTerms(deadline: now + (context.timeout ?? defaultTimeout))
        terms.retries = context.retries
        terms.retryUnknown = context.retryUnknown
        terms.reply = context.reply
        // A task-local value also reaches an unstructured `Task { }`, which outlives the call that is served, and
        // so does not have its deadline, nor is it waited for.
        guard let serving = context.serving, !serving.hasEnded else { return terms }
        let isServing = manta_task_identity() == context.servingTask
        guard isServing || manta_task_is_child() != 0 else { return terms }
        // Without a time of its own, it has that of the call that is served, also a longer one.
        let hasOwnTime = context.timeout != nil || context.deadline == .distantFuture
        terms.deadline = hasOwnTime ? min(terms.deadline, context.deadline) : context.deadline
        if isServing || TaskTree.currentTask(isWithin: context.servingTask) {
            terms.serving = ObjectIdentifier(serving)
        }
        return terms
    }
}

/// What holds for one call.
struct CallTerms {
    var deadline: Moment
    /// The call that is being served and cannot end before this one, and so need not be kept alive.
    var serving: ObjectIdentifier?
    var retries = 0
    var retryUnknown = false
    var reply = ReplyMode.awaited

    /// Whether the program has asked for more than a deadline.
    var hasOptions: Bool { retries > 0 || reply == .ignored }
}
