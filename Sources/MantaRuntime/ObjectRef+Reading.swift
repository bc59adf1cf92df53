internal import Distributed
internal import MantaCore
internal import MantaObjectStore
internal import MantaTransport
internal import MantaWire

extension ObjectRef {
    /// The value, built from the object's bytes. On another node these are fetched first.
    ///
    /// - Parameter timeout: How long it may take; `nil` is what holds for calls, see
    ///   ``withCallOptions(timeout:retries:retryUnknown:reply:isolation:_:)``.
    /// - Returns: The value.
    /// - Throws: ``ClusterError``: `ownerDied` and `objectLost` when the object is gone, `timedOut`, `undecodable` when it
    ///   holds another type, `storeFull` and `outOfDisk` when there is no room for it on this node, `notConnected` when no node
    ///   that has it could be reached for 30 s, `overloaded` when a process that is stopped keeps the store.
    public func get(timeout: Duration? = nil) async throws -> Value {
        let pin = try await handle.pin(timeout)
        return try handle.client.decode(Value.self, pin, isHeld: true)
    }

    /// Lends the object's bytes where they lie, without a copy: the elements of an array of numbers, the bytes of `Data`;
    /// of any other value its encoding.
    ///
    /// - Parameters:
    ///   - isolation: Where `body` runs; the caller's by default.
    ///   - body: Reads the bytes, which it cannot keep.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws, and ``ClusterError`` as ``get(timeout:)`` does.
    public func withBytes<R>(
        isolation: isolated (any Actor)? = #isolation,
        _ body: (RawSpan) throws -> R
    ) async throws -> R {
        let pin = try await handle.pin()
        let bytes = CBOR.bulk(in: pin.bytes)?.payload ?? pin.bytes
        return try withExtendedLifetime(pin) { try body(bytes.bytes) }
    }

    /// Lends the elements of an array of numbers where they lie, without a copy.
    ///
    /// - Parameters:
    ///   - isolation: Where `body` runs; the caller's by default.
    ///   - body: Reads the elements, which it cannot keep.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws, and ``ClusterError`` as ``get(timeout:)`` does; `invalidArgument` for elements that are
    ///   no numbers of a fixed size.
    public func withSpan<T: BitwiseCopyable, R>(
        isolation: isolated (any Actor)? = #isolation,
        _ body: (Span<T>) throws -> R
    ) async throws -> R where Value == [T] {
        let pin = try await handle.pin()
        return try withExtendedLifetime(pin) { try body(try elements(of: pin).span) }
    }

    fileprivate func elements<T: BitwiseCopyable>(
        of pin: ObjectPin
    ) throws -> UnsafeBufferPointer<T> where Value == [T] {
        guard let tag = CBOR.arrayTag(of: T.self) else {
            throw ClusterError(
                .invalidArgument,
                "\(T.self) is no number of a fixed size, so \(id) is not stored as an array of it",
                hint: "read it with get()"
            )
        }
        guard let bulk = CBOR.bulk(in: pin.bytes), bulk.tag == tag,
            bulk.payload.count.isMultiple(of: MemoryLayout<T>.stride)
        else { throw ClusterError(.undecodable, "\(id) is no array of \(T.self)") }
        let address = bulk.payload.baseAddress.map { UInt(bitPattern: $0) } ?? 0
        guard address.isMultiple(of: UInt(MemoryLayout<T>.alignment)) else {
            throw ClusterError(.undecodable, "the elements of \(id) are not aligned to be read in place")
        }
        return bulk.payload.bindMemory(to: T.self)
    }
}

/// Lends the elements of two arrays of numbers where they lie, without a copy.
///
/// - Parameters:
///   - first: A reference to an array.
///   - second: Another one, or the same.
///   - isolation: Where `body` runs; the caller's by default.
///   - body: Reads the elements, which it cannot keep.
/// - Returns: What `body` returns.
/// - Throws: As ``ObjectRef/withSpan(isolation:_:)``.
public func withSpans<T: BitwiseCopyable, U: BitwiseCopyable, R>(
    _ first: ObjectRef<[T]>,
    _ second: ObjectRef<[U]>,
    isolation: isolated (any Actor)? = #isolation,
    _ body: (Span<T>, Span<U>) throws -> R
) async throws -> R {
    let pins = (try await first.handle.pin(), try await second.handle.pin())
    return try withExtendedLifetime(pins) {
        try body(try first.elements(of: pins.0).span, try second.elements(of: pins.1).span)
    }
}
