/// A fault that a run can be given around the programs that it drives. Each breaks one promise, and has to be found.
package enum PlantedBug: String, Sendable, CaseIterable {
    /// A raylet builds an actor again for each copy of its `create`.
    case buildsCopies
    /// The resources of an incarnation are given back when `end` is sent, not when it is answered.
    case releasesEarly
    /// A raylet that was declared dead joins again with all that it hosts.
    case forgetsFencing
    /// A watcher that subscribes to a dead actor is told nothing.
    case losesTerminated
    /// A name stays taken for a moment after the end of its actor.
    case freesNamesLate
    /// A raylet reports the end of a process only once, though nobody may have heard.
    case reportsOnce
    /// Whoever looks names up remembers an answer that is older than the news that it has read.
    case remembersOldNames
    /// What is decided is carried out, and told, before it is durable.
    case tellsEarly
    /// Incarnations that are being ended are not stored.
    case losesEndings

    /// Whether only a head that crashes can show it.
    var needsStorage: Bool { self == .tellsEarly || self == .losesEndings }
}
