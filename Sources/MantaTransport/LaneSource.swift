package import MantaCore

/// What a lane serves beside jobs: a socket, a pipe, a process, a timer. All is called on the lane.
package protocol LaneSource: AnyObject, Sendable {
    /// The descriptor is ready, or has failed.
    func ready(_ events: LaneEvents)
    /// A moment given to `Lane.wake` has come.
    func timePassed(_ now: Moment)
    /// The turn ends: write what it produced.
    func flush()
}

extension LaneSource {
    package func timePassed(_ now: Moment) {}
    package func flush() {}
}

/// What a descriptor is watched for, and what came; the numbers are epoll's.
package struct LaneEvents: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let readable = LaneEvents(rawValue: 0x001)
    package static let writable = LaneEvents(rawValue: 0x004)
    /// Error or hang-up; always watched for.
    package static let failed = LaneEvents(rawValue: 0x018)
    package static let readableOrFailed = LaneEvents(rawValue: 0x019)
}

/// A source's place in its lane.
package struct LaneToken: Hashable, Sendable {
    let rawValue: UInt64
}
