import MantaCore
import Testing

@Suite("moments")
struct MomentTests {
    @Test(
        "no duration makes the sum trap or wrap",
        arguments: [
            Duration.seconds(Int64.max), .seconds(Int64.max) + .seconds(Int64.max), .seconds(Int64.min),
            .seconds(Int64.min) + .seconds(Int64.min), .seconds(1 << 33), .seconds(-(1 << 33)),
            .seconds(10_000_000_000),
        ]
    )
    func extremes(duration: Duration) {
        let now = Moment(nanoseconds: 5_000)
        #expect(now + duration == (duration > .zero ? .distantFuture : Moment(nanoseconds: 0)))
        #expect(.distantFuture + duration >= now)
    }

    @Test("a step forward and back is exact to the nanosecond")
    func exact() {
        let now = Moment(nanoseconds: 1 << 60)
        #expect(now + .nanoseconds(7) == Moment(nanoseconds: 1 << 60 + 7))
        #expect((now + .seconds(3)).since(now) == .seconds(3))
        #expect(now + .nanoseconds(-7) == Moment(nanoseconds: 1 << 60 - 7))
        #expect(now.since(now + .seconds(1)) == .zero)
    }
}
