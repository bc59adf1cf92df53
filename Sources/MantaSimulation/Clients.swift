import MantaCore
import MantaGCS

/// Everybody who asks the GCS: drivers, those who watch actors, those who look up names.
struct Clients {
    struct Driver {
        let process: ProcessID
        var isEnded = false
        /// It has been told that it takes part.
        var hasJoined = false
        /// The life of the head in which it has joined, the last time.
        var joinedLife: Int?
    }

    struct Watcher {
        let id: ActorID
        /// What it asks from.
        var seenCount: Int?
        /// How many events came before the first that it was told.
        var first: Int?
        var events: [LifecycleEvent] = []
        var isDone = false
        /// The question that is under way.
        var call: UInt64?
    }

    /// A process that remembers what names mean, as `NameCache` does.
    struct Finder {
        var entries: [QualifiedName: ActorID] = [:]
        /// How far the feed has been followed; `nil` when it is not.
        var cursor: UInt64?
        var call: UInt64?
    }

    /// The process that hosts the GCS.
    static let host = ProcessID(1)

    var drivers: [Driver] = []
    var watchers: [Watcher] = []
    var finders: [Finder] = []
    /// The calls that have no answer yet.
    var open: [UInt64: ClientCall] = [:]
    /// Calls whose callers gave up before they had arrived.
    var cancelled: Set<UInt64> = []
    /// Actors that somebody has a reference to, the newest last.
    var known: [ActorID] = []
    var workCount = 0

    /// Whether it is, or was, a driver.
    func isKnown(_ process: ProcessID) -> Bool { drivers.contains { $0.process == process } }

    func isDriver(_ process: ProcessID) -> Bool {
        drivers.contains { $0.process == process && !$0.isEnded }
    }
}
