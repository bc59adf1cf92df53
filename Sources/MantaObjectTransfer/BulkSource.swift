package import MantaCore
package import MantaObjectStore

/// An object that can be read piece by piece, and stays readable for as long as this lives.
package protocol BulkSource: Sendable {
    var id: ObjectID { get }
    var byteCount: Int { get }
    var lead: Int { get }
    var owner: ProcessID { get }
    var holdsReferences: Bool { get }

    /// Lets `body` read the bytes in `range`, which has at most one chunk and lies within one
    /// (`BulkFormat.chunk(at:of:)`). What is not in memory is read into `scratch`, on the calling thread.
    ///
    /// - Throws: ``ClusterError`` with code `objectLost` when the bytes are not what they were.
    func withBytes<Result>(
        in range: Range<Int>,
        scratch: BulkScratch,
        _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(ClusterError) -> Result
}

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
