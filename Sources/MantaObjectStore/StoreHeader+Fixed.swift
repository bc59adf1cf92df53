internal import CMantaShims
internal import MantaCore

/// The part of the header that never changes.
extension StoreHeader {
    static let fixedByteCount = 96

    /// Fills in a file that is zero; the magic comes last.
    func describe(_ layout: StoreLayout, keeper: ProcessID) {
        manta_put32(base + 8, StoreLayout.version)
        manta_put32(base + 12, UInt32(StoreLayout.clientLimit))
        manta_put64(base + 16, UInt64(layout.byteCount))
        manta_put64(base + 24, UInt64(layout.capacity))
        manta_put32(base + 32, UInt32(layout.recordLimit))
        manta_put32(base + 36, UInt32(layout.bucketCount))
        manta_put32(base + 40, UInt32(layout.pinLimit))
        manta_put64(base + 48, keeper.rawValue)
        manta_put64(base + 56, UInt64(layout.clientsOffset))
        manta_put64(base + 64, UInt64(layout.bucketsOffset))
        manta_put64(base + 72, UInt64(layout.recordsOffset))
        manta_put64(base + 80, UInt64(layout.pinsOffset))
        manta_put64(base + 88, UInt64(layout.dataOffset))
        usedRecords = 1
        usedPins = 1
        manta_put64(base, StoreLayout.magic)
    }

    var keeper: ProcessID { ProcessID(manta_get64(base + 48)) }

    /// Why this is no header of such a store; `nil` when it is one.
    ///
    /// - Parameters:
    ///   - layout: What a store of the expected capacity looks like.
    ///   - fileByteCount: The size that the file has.
    /// - Returns: Half a sentence for a person.
    func mismatch(with layout: StoreLayout, fileByteCount: Int) -> String? {
        guard manta_get64(base) == StoreLayout.magic else { return "it is no object store" }
        let version = manta_get32(base + 8)
        guard version == StoreLayout.version else {
            return "its layout is version \(version), this program's is \(StoreLayout.version)"
        }
        guard manta_get64(base + 24) == UInt64(layout.capacity) else {
            return "its capacity is \(manta_get64(base + 24)) bytes, not \(layout.capacity)"
        }
        guard fileByteCount == layout.byteCount else {
            return "it has \(fileByteCount) bytes where \(layout.byteCount) are due"
        }
        let isSame =
            manta_get32(base + 12) == UInt32(StoreLayout.clientLimit)
            && manta_get64(base + 16) == UInt64(layout.byteCount)
            && manta_get32(base + 32) == UInt32(layout.recordLimit)
            && manta_get32(base + 36) == UInt32(layout.bucketCount)
            && manta_get32(base + 40) == UInt32(layout.pinLimit)
            && manta_get64(base + 56) == UInt64(layout.clientsOffset)
            && manta_get64(base + 64) == UInt64(layout.bucketsOffset)
            && manta_get64(base + 72) == UInt64(layout.recordsOffset)
            && manta_get64(base + 80) == UInt64(layout.pinsOffset)
            && manta_get64(base + 88) == UInt64(layout.dataOffset)
        return isSame ? nil : "its tables are not where this program's are"
    }
}
