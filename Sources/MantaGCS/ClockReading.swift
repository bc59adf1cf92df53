package import MantaCore

/// The present on two clocks: the monotonic one of this machine, and the calendar.
///
/// A ``Moment`` means nothing after a restart of the machine, or on another one, so what is stored is calendar time. When
/// that was set back meanwhile, what is stored seems to lie in the future, and is taken for the present.
package struct ClockReading: Hashable, Sendable {
    package var moment: Moment
    /// Nanoseconds since the beginning of 1970.
    package var calendar: Int64

    package init(moment: Moment, calendar: Int64) {
        self.moment = moment
        self.calendar = calendar
    }

    /// How far the calendar is ahead of the monotonic clock, in seconds.
    var offset: Double { (Double(calendar) - Double(moment.nanoseconds)) / 1e9 }

    /// The calendar time of a moment that is not in the future.
    func calendar(of past: Moment) -> Int64 {
        calendar - Int64(clamping: moment.nanoseconds - min(past, moment).nanoseconds)
    }

    /// The moment of a calendar time, the present at the latest. What was before this machine started was when it started.
    func moment(of calendar: Int64) -> Moment { moment + .nanoseconds(-age(of: calendar)) }

    /// How long ago it was, in nanoseconds.
    func age(of calendar: Int64) -> Int64 { max(0, self.calendar - calendar) }
}
