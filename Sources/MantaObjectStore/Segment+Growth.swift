internal import CMantaShims
internal import MantaCore

/// Memory is reserved before anything is stored in it, or a full file system would end the process (SIGBUS).
///
/// Always from the watermark upwards and by one process at a time, which has the lock of growth: when the system refuses a range, it takes back what it
/// had reserved of it so far, untouched memory of an earlier reservation included.
extension Segment {
    /// The most that is reserved in one go, in bytes: some 100 ms, after which others have their turn.
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

    /// What of the tables is reserved step by step.
    enum Table {
        case records
        case pins
    }

    /// Reserves more of a table, unless somebody just did.
    ///
    /// - Parameters:
    ///   - table: Which one.
    ///   - seen: How many of its records or nodes were reserved when one was missing.
    ///   - patience: In nanoseconds.
    /// - Returns: Whether there are more now; `false` when the table is at its limit.
    /// - Throws: `storeFull` when the system refuses; `overloaded` when the lock cannot be had.
    func reserve(_ table: Table, seen: UInt32, patience: UInt64) throws(ClusterError) -> Bool {
        let (offset, byteCount, limit) =
            switch table {
            case .records: (layout.recordsOffset, StoreLayout.recordByteCount, layout.recordLimit)
            case .pins: (layout.pinsOffset, StoreLayout.pinByteCount, layout.pinLimit)
            }
        guard seen < UInt32(limit) else { return false }
        let code = try growing(patience: patience) {
            guard reserved(table) == seen else { return 0 }
            let start = UInt64(offset + Int(seen) * byteCount)
            var code = manta_file_reserve(file, start, UInt64(StoreLayout.tableStep))
            if code != 0, releaseTail(patience: patience) {
                code = manta_file_reserve(file, start, UInt64(StoreLayout.tableStep))
            }
            guard code == 0 else { return code }
            let count = min(seen + UInt32(StoreLayout.tableStep / byteCount), UInt32(limit))
            switch table {
            case .records: header.reservedRecords = count
            case .pins: header.reservedPins = count
            }
            return 0
        }
        guard code == 0 else { throw Self.refused(StoreLayout.tableStep, in: directory, code: code) }
        return true
    }

    func reserved(_ table: Table) -> UInt32 {
        switch table {
        case .records: header.reservedRecords
        case .pins: header.reservedPins
        }
    }

    /// What changes with all memory that is reserved under the lock of growth.
    var watermarks: UInt64 {
        UInt64(header.reservedData) &+ UInt64(header.reservedRecords) &+ UInt64(header.reservedPins)
    }

    /// Gives the system back what is reserved for data behind the last object, for the holder of the lock of growth.
    ///
    /// A file system may be smaller than the capacity. What was prepared there, or freed, must not keep small objects from
    /// being noted.
    ///
    /// - Returns: Whether there may be more memory now.
    private func releaseTail(patience: UInt64) -> Bool {
        // The only place where one process has both locks; nobody asks for the lock of growth while it has the other.
        guard (try? lockTables(patience: patience)) != nil else { return false }
        tables.dropTail()
        let end = min(header.reservedData, header.top.roundedUp(to: StoreLayout.sectionAlignment))
        // Who is placed there from now on sees that it has to reserve.
        header.reservedData = end
        unlockTables()
        // Up to the end of the file, not of what was reserved: a process that died may have left memory behind it, just
        // reserved, or about to be given back.
        let count = layout.capacity - end
        return count > 0 && manta_file_release(file, UInt64(layout.dataOffset + end), UInt64(count)) == 0
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
