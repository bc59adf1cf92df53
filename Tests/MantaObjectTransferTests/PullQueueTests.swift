import MantaCore
import MantaObjectTransfer
import Testing

@Suite struct PullQueueTests {
    private typealias Queue = PullQueue<Int, String>

    private static func queue(quota: Int, transferLimit: Int = 10) -> Queue {
        var options = Queue.Options(quota: quota)
        options.transferLimit = transferLimit
        return Queue(options)
    }

    private let a = objectID(1)
    private let b = objectID(2)
    private let c = objectID(3)
    private let d = objectID(4)
    private let e = objectID(5)
    private let f = objectID(6)

    @Test("all who want an object share one transfer")
    func shares() {
        var queue = Self.queue(quota: 100)
        #expect(
            queue.want(a, byteCount: 10, from: ["x"], priority: .get, waiter: 1) == [.start(a, from: "x")]
        )
        #expect(queue.want(a, byteCount: 10, from: ["x"], priority: .prefetch, waiter: 2) == [])
        #expect(queue.want(a, byteCount: 10, from: ["y"], priority: .get, waiter: 3) == [])
        #expect(queue.byteCountInFlight == 10)
        #expect(queue.succeeded(a) == [.succeed(a, [1, 2, 3])])
        #expect(queue.isEmpty && queue.byteCountInFlight == 0)
    }

    @Test("who waits for the object now comes before who will want it, and each kind in order")
    func priorities() {
        var queue = Self.queue(quota: 10)
        _ = queue.want(a, byteCount: 10, from: ["x"], priority: .prefetch, waiter: 1)
        #expect(queue.want(b, byteCount: 10, from: ["x"], priority: .prefetch, waiter: 2) == [])
        #expect(queue.want(c, byteCount: 10, from: ["x"], priority: .get, waiter: 3) == [])
        #expect(queue.want(d, byteCount: 10, from: ["x"], priority: .get, waiter: 4) == [])
        #expect(queue.succeeded(a) == [.succeed(a, [1]), .start(c, from: "x")])
        #expect(queue.succeeded(c) == [.succeed(c, [3]), .start(d, from: "x")])
        #expect(queue.succeeded(d) == [.succeed(d, [4]), .start(b, from: "x")])
    }

    @Test("an object that was to come some time is hurried by who wants it now")
    func hurried() {
        var queue = Self.queue(quota: 10)
        _ = queue.want(a, byteCount: 10, from: ["x"], priority: .get, waiter: 1)
        _ = queue.want(b, byteCount: 10, from: ["x"], priority: .prefetch, waiter: 2)
        _ = queue.want(c, byteCount: 10, from: ["x"], priority: .prefetch, waiter: 3)
        #expect(queue.want(c, byteCount: 10, from: ["x"], priority: .get, waiter: 4) == [])
        #expect(queue.succeeded(a) == [.succeed(a, [1]), .start(c, from: "x")])
    }

    @Test("the bytes on their way stay within the quota, and nothing small overtakes what waits for room")
    func quota() {
        var queue = Self.queue(quota: 100)
        #expect(
            queue.want(a, byteCount: 40, from: ["x"], priority: .get, waiter: 1) == [.start(a, from: "x")]
        )
        #expect(
            queue.want(b, byteCount: 40, from: ["y"], priority: .get, waiter: 2) == [.start(b, from: "y")]
        )
        #expect(queue.want(c, byteCount: 30, from: ["z"], priority: .get, waiter: 3) == [])
        #expect(queue.want(d, byteCount: 1, from: ["w"], priority: .get, waiter: 4) == [])
        #expect(queue.byteCountInFlight == 80)
        #expect(queue.succeeded(a) == [.succeed(a, [1]), .start(c, from: "z"), .start(d, from: "w")])
    }

    @Test("objects of more than half of the quota come one at a time, and leave the other half to others")
    func large() {
        var queue = Self.queue(quota: 100)
        #expect(
            queue.want(a, byteCount: 1_000, from: ["x"], priority: .get, waiter: 1)
                == [.start(a, from: "x")]
        )
        #expect(queue.want(b, byteCount: 51, from: ["y"], priority: .get, waiter: 2) == [])
        #expect(
            queue.want(c, byteCount: 50, from: ["z"], priority: .get, waiter: 3) == [.start(c, from: "z")]
        )
        #expect(queue.want(d, byteCount: 1, from: ["w"], priority: .get, waiter: 4) == [])
        #expect(queue.byteCountInFlight == 100)
        #expect(queue.succeeded(a) == [.succeed(a, [1]), .start(b, from: "y")])
        #expect(queue.succeeded(c) == [.succeed(c, [3]), .start(d, from: "w")])
    }

    @Test("a source gets half of the bytes that others leave, and one object in any case")
    func shareOfBytes() {
        var queue = Self.queue(quota: 160)
        for (id, expected) in [(a, true), (b, true), (c, false)] {
            let actions = queue.want(id, byteCount: 40, from: ["x"], priority: .get, waiter: 1)
            #expect(actions == (expected ? [.start(id, from: "x")] : []))
        }
        // What a slow source keeps waiting does not keep others waiting.
        #expect(
            queue.want(d, byteCount: 40, from: ["y"], priority: .prefetch, waiter: 1)
                == [.start(d, from: "y")]
        )
        #expect(queue.want(e, byteCount: 40, from: ["y"], priority: .prefetch, waiter: 1) == [])
        #expect(
            queue.want(f, byteCount: 40, from: ["z"], priority: .prefetch, waiter: 1)
                == [.start(f, from: "z")]
        )
        #expect(queue.succeeded(d) == [.succeed(d, [1]), .start(e, from: "y")])
        #expect(queue.succeeded(a) == [.succeed(a, [1])])
        #expect(queue.succeeded(b) == [.succeed(b, [1]), .start(c, from: "x")])
    }

    @Test("a source gets half of the places that others leave, at most its limit, and one in any case")
    func shareOfPlaces() {
        var queue = Self.queue(quota: 1_000_000, transferLimit: 16)
        var started: [String: Int] = [:]
        var serial: UInt64 = 0
        for source in ["v", "w", "x", "y", "z"] {
            for _ in 0..<10 {
                serial += 1
                let id = objectID(serial)
                for action in queue.want(id, byteCount: 1, from: [source], priority: .get, waiter: 1) {
                    if case .start(id, from: source) = action { started[source, default: 0] += 1 }
                }
            }
        }
        #expect(started == ["v": 4, "w": 4, "x": 4, "y": 2, "z": 1])
        #expect(queue.want(objectID(99), byteCount: 1, from: ["u"], priority: .get, waiter: 1).count == 1)
    }

    @Test("a pull that goes on from another source leaves its place at the first")
    func movesOn() {
        var queue = Self.queue(quota: 100, transferLimit: 2)
        _ = queue.want(a, byteCount: 10, from: ["x", "y"], priority: .get, waiter: 1)
        #expect(queue.want(b, byteCount: 10, from: ["x"], priority: .get, waiter: 2) == [])
        #expect(queue.failed(a, .notFound) == [.start(a, from: "y"), .start(b, from: "x")])
    }

    @Test("a failed source leads to the next, and in the end each has said why")
    func sources() {
        var queue = Self.queue(quota: 100)
        _ = queue.want(a, byteCount: 10, from: ["x", "y"], priority: .get, waiter: 1)
        _ = queue.want(a, byteCount: 10, from: ["y", "z"], priority: .get, waiter: 2)
        #expect(queue.failed(a, .notFound) == [.start(a, from: "y")])
        #expect(queue.failed(a, .corrupt(chunk: 3)) == [.start(a, from: "z")])
        queue.found(["x", "w"], of: a)
        #expect(queue.failed(a, .closed("died")) == [.start(a, from: "w")])
        #expect(
            queue.failed(a, .notFound) == [
                .fail(
                    a,
                    [1, 2],
                    [
                        .init(source: "x", error: .notFound), .init(source: "y", error: .corrupt(chunk: 3)),
                        .init(source: "z", error: .closed("died")), .init(source: "w", error: .notFound),
                    ]
                )
            ]
        )
        #expect(queue.isEmpty)
    }

    @Test("what is wrong on this side is not tried again elsewhere")
    func noPlace() {
        var queue = Self.queue(quota: 100)
        let error = TransferError.noPlace(ClusterError(.storeFull, "full"))
        _ = queue.want(a, byteCount: 10, from: ["x", "y"], priority: .get, waiter: 1)
        #expect(queue.failed(a, error) == [.fail(a, [1], [.init(source: "x", error: error)])])
    }

    @Test("an object that nobody has fails at once")
    func noSource() {
        var queue = Self.queue(quota: 100)
        #expect(queue.want(a, byteCount: 1, from: [], priority: .get, waiter: 1) == [.fail(a, [1], [])])
        #expect(queue.isEmpty)
    }

    @Test("who cancels leaves the others alone, and the last one ends the transfer")
    func cancel() {
        var queue = Self.queue(quota: 10)
        _ = queue.want(a, byteCount: 10, from: ["x"], priority: .get, waiter: 1)
        _ = queue.want(a, byteCount: 10, from: ["x"], priority: .get, waiter: 2)
        _ = queue.want(b, byteCount: 10, from: ["x"], priority: .get, waiter: 3)
        #expect(queue.cancel(1, of: a) == [])
        #expect(queue.cancel(1, of: a) == [])
        #expect(queue.cancel(2, of: a) == [.cancel(a)])
        // Its memory is not free before the transfer has ended.
        #expect(queue.byteCountInFlight == 5)
        #expect(queue.failed(a, .cancelled) == [.start(b, from: "x")])
        #expect(queue.cancel(3, of: b) == [.cancel(b)])
        #expect(queue.succeeded(b) == [])
        #expect(queue.isEmpty && queue.transferCount == 0)
    }

    @Test("a large object that is not wanted any more lets those behind it go")
    func cancelWaiting() {
        var queue = Self.queue(quota: 200)
        _ = queue.want(a, byteCount: 60, from: ["x"], priority: .get, waiter: 1)
        _ = queue.want(b, byteCount: 50, from: ["x"], priority: .get, waiter: 2)
        _ = queue.want(c, byteCount: 40, from: ["x"], priority: .get, waiter: 3)
        #expect(queue.cancel(2, of: b) == [.start(c, from: "x")])
    }

    @Test("who comes while a transfer is being cancelled gets a new one, from the same source")
    func comesBack() {
        var queue = Self.queue(quota: 10)
        _ = queue.want(a, byteCount: 10, from: ["x"], priority: .get, waiter: 1)
        _ = queue.cancel(1, of: a)
        #expect(queue.want(a, byteCount: 10, from: ["x"], priority: .get, waiter: 2) == [])
        #expect(queue.want(b, byteCount: 10, from: ["x"], priority: .get, waiter: 3) == [])
        #expect(queue.failed(a, .cancelled) == [.start(a, from: "x")])
        #expect(queue.succeeded(a) == [.succeed(a, [2]), .start(b, from: "x")])
    }

    @Test("who comes while a transfer is being cancelled gets what it brings all the same")
    func comesInTime() {
        var queue = Self.queue(quota: 10)
        _ = queue.want(a, byteCount: 10, from: ["x"], priority: .get, waiter: 1)
        _ = queue.cancel(1, of: a)
        _ = queue.want(a, byteCount: 10, from: ["x"], priority: .get, waiter: 2)
        #expect(queue.succeeded(a) == [.succeed(a, [2])])
    }

    @Test("more memory starts more at once")
    func moreQuota() {
        var queue = Self.queue(quota: 10)
        _ = queue.want(a, byteCount: 10, from: ["x"], priority: .get, waiter: 1)
        _ = queue.want(b, byteCount: 10, from: ["x"], priority: .get, waiter: 2)
        #expect(queue.setQuota(40) == [.start(b, from: "x")])
    }

    @Test("more waiters than the bound are refused")
    func bounded() {
        var options = Queue.Options(quota: 10)
        options.waiterLimit = 2
        var queue = Queue(options)
        _ = queue.want(a, byteCount: 10, from: ["x"], priority: .get, waiter: 1)
        _ = queue.want(a, byteCount: 10, from: ["x"], priority: .get, waiter: 2)
        #expect(queue.want(b, byteCount: 10, from: ["x"], priority: .get, waiter: 3) == [.refuse(b, 3)])
        _ = queue.cancel(1, of: a)
        #expect(queue.want(b, byteCount: 10, from: ["x"], priority: .get, waiter: 3) == [])
    }
}
