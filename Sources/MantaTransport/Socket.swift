internal import CMantaShims
internal import Glibc
package import MantaTLS

/// A connected socket that does not block, with TLS over it or without.
///
/// A value that stands for the descriptor: whoever holds it last closes it, once.
package struct Socket: Sendable {
    package let descriptor: Int32
    /// `nil` between processes of one machine.
    package let tls: TLSSession?

    package init(_ descriptor: Int32, tls: TLSSession? = nil) {
        self.descriptor = descriptor
        self.tls = tls
    }

    /// - Returns: How many bytes came, 0 at the end, or a negated error number.
    func receive(_ bytes: UnsafeMutableRawBufferPointer) -> Int {
        guard let tls else { return manta_receive(descriptor, bytes.baseAddress, bytes.count) }
        return tls.receive(bytes.baseAddress, bytes.count)
    }

    /// - Returns: How many bytes were taken, or a negated error number.
    func send(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let tls else { return manta_send(descriptor, bytes.baseAddress, bytes.count) }
        return tls.send(bytes.baseAddress, bytes.count)
    }

    /// Whether there are bytes of which the descriptor does not tell.
    var hasBuffered: Bool { tls?.hasBuffered ?? false }

    package func close() {
        tls?.close()
        _ = manta_close(descriptor)
    }
}
