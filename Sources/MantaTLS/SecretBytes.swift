internal import CMantaTLS

/// Memory that is wiped when it is given back.
///
/// A class around a pointer, so that neither printing nor dumping what holds it shows the bytes.
// Written by `init` only.
final class SecretBytes: @unchecked Sendable {
    private let bytes: UnsafeMutableRawBufferPointer

    /// `fill` is given zeros.
    init<Failure: Error>(
        byteCount: Int,
        _ fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        bytes = .allocate(byteCount: byteCount, alignment: 16)
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
        try fill(bytes)
    }

    deinit {
        manta_tls_wipe(bytes.baseAddress, bytes.count)
        bytes.deallocate()
    }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        body(UnsafeRawBufferPointer(bytes))
    }

    /// Takes the same time wherever they differ.
    func equals(_ other: SecretBytes) -> Bool {
        guard bytes.count == other.bytes.count else { return false }
        return manta_tls_equal(bytes.baseAddress, other.bytes.baseAddress, bytes.count) == 1
    }
}
