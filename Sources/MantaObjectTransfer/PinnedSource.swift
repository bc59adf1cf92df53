package import MantaCore
package import MantaObjectStore

/// An object of the node's store, read where it is.
package struct PinnedSource: BulkSource {
    private let pin: ObjectPin
    package let byteCount: Int

    package init(_ pin: ObjectPin) {
        self.pin = pin
        byteCount = pin.bytes.count
    }

    package var id: ObjectID { pin.id }
    package var lead: Int { pin.lead }
    package var owner: ProcessID { pin.owner }
    package var holdsReferences: Bool { pin.holdsReferences }

    package func withBytes<Result>(
        in range: Range<Int>,
        scratch: BulkScratch,
        _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(ClusterError) -> Result {
        let bytes = pin.bytes
        guard range.upperBound <= bytes.count else {
            throw ClusterError(.objectLost, "the pin of \(id) was given up while the object was read")
        }
        return withExtendedLifetime(pin) { body(UnsafeRawBufferPointer(rebasing: bytes[range])) }
    }
}
