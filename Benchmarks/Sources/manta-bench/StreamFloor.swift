import CFloor

/// A stream between two C processes over the loopback interface: the floor under an object that goes to another node.
struct StreamFloor: ~Copyable {
    private var stream = cfloor_stream()

    /// Starts the other process, which takes `byteCount` bytes at a time.
    init(_ transport: cfloor_transport = CFLOOR_TCP, byteCount: Int) throws {
        try check(cfloor_stream_start(&stream, transport, 1 << 20, byteCount), "start the peer of a stream")
    }

    deinit {
        withUnsafePointer(to: stream) { cfloor_stream_stop($0) }
    }

    /// Sends them once. Holds the calling thread.
    ///
    /// - Returns: Nanoseconds until the other process has them all, and the processor time of both.
    func send() throws -> (nanoseconds: UInt64, processorTime: UInt64) {
        var result = (nanoseconds: UInt64(0), processorTime: UInt64(0))
        try withUnsafePointer(to: stream) { stream in
            try check(
                cfloor_stream_run(stream, &result.nanoseconds, &result.processorTime),
                "send over a stream"
            )
        }
        return result
    }
}
