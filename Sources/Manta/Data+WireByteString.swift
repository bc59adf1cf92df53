internal import FoundationEssentials
internal import MantaWire

/// Crosses links as one byte string, by one copy on each side.
extension Data: WireByteString {
    package init(wireBytes: UnsafeRawBufferPointer) { self.init(wireBytes) }

    package func withWireBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try withUnsafeBytes(body)
    }
}
