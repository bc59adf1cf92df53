/// A type that is stored as one CBOR byte string though it is not `[UInt8]`.
///
/// Declare the conformance before the first value of the type is encoded or decoded: the answer to "does this
/// type conform?" is remembered for the life of the process.
package protocol WireByteString {
    /// Copies the bytes, which are valid only during the call.
    init(wireBytes: UnsafeRawBufferPointer)
    /// Lends the bytes as one contiguous block for the duration of the call.
    func withWireBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R
}
