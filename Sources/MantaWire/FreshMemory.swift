internal import Glibc

/// Memory that is about to be written for the first time.
enum FreshMemory {
    /// From here on malloc maps memory anew for each block, or nearly so.
    static let threshold = 8 << 20
    private static let hugePage = 2 << 20

    /// Asks the system to give a large block in pages of 2 MiB, where it does that on demand: clearing it page by page of
    /// 4 KiB takes several times as long as what is copied into it. Small blocks, and systems without, stay as they are.
    static func expect(_ block: UnsafeMutableRawBufferPointer) {
        guard block.count >= threshold, let start = block.baseAddress else { return }
        let first = start.alignedUp(toMultipleOf: hugePage)
        let end = (start + block.count).alignedDown(toMultipleOf: hugePage)
        // What comes back changes nothing: it is advice.
        if first < end { _ = madvise(first, first.distance(to: end), MADV_HUGEPAGE) }
    }
}

extension UnsafeMutableRawPointer {
    fileprivate func alignedDown(toMultipleOf size: Int) -> UnsafeMutableRawPointer {
        self - Int(UInt(bitPattern: self) % UInt(size))
    }
}
