package import MantaTransport

extension BulkStream {
    /// Sends a head that `fill` writes, and `body` after it.
    package func send(
        _ headByteCount: Int,
        followedBy body: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0),
        _ fill: (UnsafeMutableRawBufferPointer) -> Void
    ) throws(LinkFailure) {
        let result = withUnsafeTemporaryAllocation(byteCount: headByteCount, alignment: 8) { head in
            fill(head)
            return Result { () throws(LinkFailure) in try send(UnsafeRawBufferPointer(head), body) }
        }
        try result.get()
    }

    /// Receives `byteCount` bytes and returns what `read` makes of them.
    package func receive<Value>(
        _ byteCount: Int,
        _ read: (UnsafeRawBufferPointer) -> Value
    ) throws(LinkFailure) -> Value {
        let result = withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 8) { bytes in
            Result { () throws(LinkFailure) in
                try receive(into: bytes)
                return read(UnsafeRawBufferPointer(bytes))
            }
        }
        return try result.get()
    }
}
