package import Foundation
import MantaWire

extension Data: WireByteString {
    package init(wireBytes: UnsafeRawBufferPointer) { self.init(wireBytes) }
    package func withWireBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try withUnsafeBytes(body)
    }
}
