import MantaCore

/// The drivers that have joined over links, and which of them have to be found again: `linked ⇄ sought → gone`.
///
/// Pure state: the GCS makes the links, one attempt after another for each driver that is sought. A link that is lost while its
/// driver is sought is not forgotten: nobody knows whether it is the one that has just been made.
struct DriverTable: Sendable {
    /// How long a driver has to be found, or to come back.
    static let grace = Duration.seconds(3)
    /// So many in a row, and it is gone: the first may be of one that is just beginning.
    private static let refusalLimit = 2

    private enum State: Hashable {
        /// Or not sought yet, after a restart of the head: it has to join again.
        case linked
        case sought(Search)
    }

    private struct Search: Hashable {
        var end: Moment
        var refusalCount = 0
        var hasLostAgain = false
        var isRenewed = false
    }

    private var states: [ProcessID: State] = [:]

    init() {}

    /// - Parameter awaited: Those of an earlier life of the head.
    init(awaited: Set<ProcessID>) {
        for driver in awaited { states[driver] = .linked }
    }

    var count: Int { states.count }
    func contains(_ driver: ProcessID) -> Bool { states[driver] != nil }

    /// A driver has joined, perhaps again.
    mutating func joined(_ driver: ProcessID) { states[driver] = states[driver] ?? .linked }

    /// A link to a driver closed, or there is none yet from this side.
    ///
    /// - Returns: Whether a search has to begin. One that goes on already has its time anew.
    mutating func lost(_ driver: ProcessID, now: Moment) -> Bool {
        guard let state = states[driver] else { return false }
        var search = Search(end: now + Self.grace)
        if case .sought = state { search.hasLostAgain = true }
        states[driver] = .sought(search)
        return !search.hasLostAgain
    }

    /// Until when it is sought; `nil` when it is not.
    func end(of driver: ProcessID) -> Moment? {
        guard case .sought(let search) = states[driver] else { return nil }
        return search.end
    }

    /// There is a link.
    ///
    /// - Returns: Whether that ends the search.
    mutating func found(_ driver: ProcessID) -> Bool {
        guard case .sought(var search) = states[driver] else { return true }
        guard search.hasLostAgain else {
            states[driver] = .linked
            return true
        }
        search.hasLostAgain = false
        states[driver] = .sought(search)
        return false
    }

    /// No link was made.
    ///
    /// - Parameters:
    ///   - driver: One that is sought.
    ///   - isRefusal: Whether those who were asked for it said that it is not there.
    ///   - isUndecided: Whether its whole machine may be cut off: it has its time when that is decided.
    ///   - now: The time.
    /// - Returns: Whether it is gone.
    mutating func missed(
        _ driver: ProcessID,
        isRefusal: Bool,
        isUndecided: Bool,
        now: Moment
    ) -> Bool {
        guard case .sought(var search) = states[driver] else { return false }
        search.refusalCount = isRefusal ? search.refusalCount + 1 : 0
        // Noticed so late, this side stood still: see `Membership`. Once is enough.
        let wasStill = !search.isRenewed && search.end + Membership.standstill < now
        if wasStill { search.isRenewed = true }
        if isUndecided || wasStill { search.end = now + Membership.comeback }
        states[driver] = .sought(search)
        return search.refusalCount == Self.refusalLimit || now >= search.end
    }

    /// It is a driver no more.
    ///
    /// - Returns: Whether it was.
    @discardableResult
    mutating func remove(_ driver: ProcessID) -> Bool { states.removeValue(forKey: driver) != nil }
}
