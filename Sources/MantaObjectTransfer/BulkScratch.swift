/// Memory for one chunk in each of two forms, which one thread at a time uses over and over.
///
/// It is taken when it is first needed: transfers of plain bytes from memory to memory never do.
package final class BulkScratch {
    private var memory: [UnsafeMutableRawBufferPointer?] = [nil, nil]

    package init() {}

    deinit { for case let buffer? in memory { buffer.deallocate() } }

    /// For a chunk as it was read from a file.
    package var chunk: UnsafeMutableRawBufferPointer { buffer(0) }
    /// For what is compressed.
    package var compressed: UnsafeMutableRawBufferPointer { buffer(1) }

    private func buffer(_ index: Int) -> UnsafeMutableRawBufferPointer {
        if let buffer = memory[index] { return buffer }
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: BulkFormat.chunkByteCount,
            alignment: 4096
        )
        memory[index] = buffer
        return buffer
    }
}
