/// Something that is to be done once more when what asks for it happens while it is done: `idle → busy ⇄ busy again → idle`.
package struct Repetition: Hashable, Sendable {
    private enum State {
        case idle, busy, busyAgain
    }

    private var state = State.idle

    package init() {}

    /// It has to be done, from now on.
    ///
    /// - Returns: Whether it is to be begun; if not, whoever does it does it again.
    package mutating func wanted() -> Bool {
        let isIdle = state == .idle
        state = isIdle ? .busy : .busyAgain
        return isIdle
    }

    /// It could not be done: it is wanted still. Only while it is being done.
    package mutating func failed() { state = .busyAgain }

    /// It has been done, or has failed.
    ///
    /// - Returns: Whether it is to be done again; if not, it has ended.
    package mutating func done() -> Bool {
        let isWanted = state == .busyAgain
        state = isWanted ? .busy : .idle
        return isWanted
    }
}
