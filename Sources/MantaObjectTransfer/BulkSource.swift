package import MantaCore

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
