import CFloor

/// A C ping-pong with another process: the floor under a remote call that carries as many bytes.
struct Floor: ~Copyable {
    private var game = cfloor_ping_pong()

    /// Starts the other process, which answers every `requestByteCount` bytes with 32.
    init(_ transport: cfloor_transport = CFLOOR_UNIX, requestByteCount: Int) throws {
        try check(cfloor_start(&game, transport, requestByteCount, 32), "start the peer of a ping-pong")
    }

    deinit {
        withUnsafePointer(to: game) { cfloor_stop($0) }
    }

    /// Plays `count` rounds. Holds the calling thread.
    func latencies(count: Int) throws -> Latencies {
        let nanoseconds = try [UInt64](unsafeUninitializedCapacity: count) { buffer, initializedCount in
            buffer.initialize(repeating: 0)
            try withUnsafePointer(to: game) { game in
                try check(cfloor_play(game, buffer.baseAddress, count), "play a ping-pong")
            }
            initializedCount = count
        }
        return Latencies(nanoseconds: nanoseconds)
    }
}

/// Turns what a function of `CFloor` returns into an error.
func check(_ result: Int32, _ what: String) throws {
    guard result != 0 else { return }
    throw BenchmarkError(description: "cannot \(what): error \(-result)")
}
