import MantaCore

/// What a way to an actor has to tell of itself.
protocol ActorRoute: AnyObject {
    var actor: ActorID { get }
    var location: ActorLocation { get }
    /// Whether calls over both go the same way, and could share one window.
    func leadsAs(_ other: Self) -> Bool
}

/// The ways to the actors that a process has called, one for each, and of those that have been started again the newest
/// incarnation that it has found, until the directory says that they are dead: a link to an older one may be made long after
/// that, when the line to it is mended.
struct RouteTable<Way: ActorRoute> {
    private var routes: [ActorID: Way] = [:]
    private var newest: [ActorID: UInt32] = [:]
    /// Incarnations begin with this.
    private static var firstEpoch: UInt32 { 1 }

    subscript(id: ActorID) -> Way? { routes[id] }

    /// Keeps the first of two that were found at once: an actor's calls share one window.
    ///
    /// - Returns: The way to take; `nil` when it leads to an incarnation that has been replaced.
    mutating func keep(_ route: Way) -> Way? {
        let (id, epoch) = (route.actor, route.location.epoch)
        if let newest = newest[id], epoch < newest { return nil }
        if let known = routes[id], known.leadsAs(route) { return known }
        if epoch > Self.firstEpoch { newest[id] = epoch }
        routes[id] = route
        return route
    }

    /// A way that leads nowhere any more.
    mutating func drop(_ route: Way) {
        if routes[route.actor] === route { routes[route.actor] = nil }
    }

    mutating func drop(_ id: ActorID) { routes[id] = nil }

    mutating func dropAll(where isLost: (Way) -> Bool) {
        for (id, route) in routes where isLost(route) { routes[id] = nil }
    }

    /// The actor will not be called again.
    mutating func forget(_ id: ActorID) {
        routes[id] = nil
        newest[id] = nil
    }

    mutating func removeAll() {
        routes = [:]
        newest = [:]
    }
}
