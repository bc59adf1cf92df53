internal import CMantaShims
internal import MantaCore

/// Memory is reserved before anything is stored in it, or a full file system would end the process (SIGBUS).
///
/// Always from the watermark upwards and by one process at a time: when the system refuses a range, it takes back what it
/// had reserved of it so far, untouched memory of an earlier reservation included.
extension Segment {
    /// The most that is reserved in one go, in bytes: some milliseconds, after which others have their turn.
    private static let step = 32 << 20
    /// The least, while there is room: small objects would each cost a system call.
    private static let leastStep = 1 << 20

    /// Makes sure that the data is reserved from 0 to `end`.
    ///
    /// - Throws: `storeFull` when the system refuses; `overloaded` when the lock cannot be had.
    func reserveData(to end: Int, patience: UInt64) throws(ClusterError) {
        while header.reservedData < end {
            let code = try growing(patience: patience) { growData(towards: end) }
            guard code == 0 else {
                throw Self.refused(end - header.reservedData, in: directory, code: code)
            }
        }
    }

    /// Reserves one step towards `end`, for the holder of the lock of growth.
    ///
    /// - Returns: 0, or the negated error number.
    func growData(towards end: Int) -> Int32 {
        let from = header.reservedData
        guard from < end else { return 0 }
        let due = min(end, from + Self.step).roundedUp(to: StoreLayout.sectionAlignment)
        for goal in [max(due, from + Self.leastStep), due] {
            let goal = min(goal, layout.capacity)
            let code = manta_file_reserve(file, UInt64(layout.dataOffset + from), UInt64(goal - from))
            if code == 0 {
                header.reservedData = goal
                return 0
            }
            if goal <= due { return code }
        }
        return 0
    }

    /// Reserves more records, unless somebody just did.
    ///
    /// - Parameters:
    ///   - seen: How many there were when one was missing.
    ///   - patience: In nanoseconds.
    /// - Returns: Whether there are more now; `false` when the table is at its limit.
    /// - Throws: `storeFull` when the system refuses; `overloaded` when the lock cannot be had.
    func reserveRecords(seen: UInt32, patience: UInt64) throws(ClusterError) -> Bool {
        guard seen < UInt32(layout.recordLimit) else { return false }
        let code = try growing(patience: patience) {
            let header = header
            guard header.reservedRecords == seen else { return 0 }
            let step = UInt32(StoreLayout.tableStep / StoreLayout.recordByteCount)
            let code = manta_file_reserve(
                file,
                UInt64(layout.recordsOffset + Int(seen) * StoreLayout.recordByteCount),
                UInt64(StoreLayout.tableStep)
            )
            if code == 0 { header.reservedRecords = min(seen + step, UInt32(layout.recordLimit)) }
            return code
        }
        guard code == 0 else { throw Self.refused(StoreLayout.tableStep, in: directory, code: code) }
        return true
    }

    /// The same for pin nodes.
    func reservePins(seen: UInt32, patience: UInt64) throws(ClusterError) -> Bool {
        guard seen < UInt32(layout.pinLimit) else { return false }
        let code = try growing(patience: patience) {
            let header = header
            guard header.reservedPins == seen else { return 0 }
            let step = UInt32(StoreLayout.tableStep / StoreLayout.pinByteCount)
            let code = manta_file_reserve(
                file,
                UInt64(layout.pinsOffset + Int(seen) * StoreLayout.pinByteCount),
                UInt64(StoreLayout.tableStep)
            )
            if code == 0 { header.reservedPins = min(seen + step, UInt32(layout.pinLimit)) }
            return code
        }
        guard code == 0 else { throw Self.refused(StoreLayout.tableStep, in: directory, code: code) }
        return true
    }

    /// What the system has reserved for the file, in bytes.
    var reservedByteCount: Int {
        let header = header
        return layout.fixedByteCount
            + (Int(header.reservedRecords) * StoreLayout.recordByteCount).roundedUp(to: StoreLayout.tableStep)
            + (Int(header.reservedPins) * StoreLayout.pinByteCount).roundedUp(to: StoreLayout.tableStep)
            + header.reservedData
    }
}
