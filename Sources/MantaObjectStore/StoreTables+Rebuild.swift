internal import CMantaShims
internal import Glibc

/// What is done when a process died while it had the lock: everything that follows from the truth is computed anew.
extension StoreTables {
    private struct Extent {
        var offset: Int
        var end: Int
        var index: UInt32
    }

    /// Takes O(*n* log *n*) in the number of objects, and O(1) for each hash bucket.
    ///
    /// May itself be cut short by the death of its process, and is then done again.
    ///
    /// - Returns: Whether the truth is consistent. It is unless somebody wrote where he must not.
    func rebuild() -> Bool {
        let header = header
        header.rebuildCount &+= 1
        guard var extents = readObjects(), readPins() else { return false }
        // Whoever freed a doomed object died between letting go of its last pin and freeing it.
        extents.removeAll { extent in
            let record = record(extent.index)
            let isLeft = record.state == StoreRecord.State.doomedSealed && record.pinCount == 0
            if isLeft { record.state = StoreRecord.State.unused }
            return isLeft
        }
        extents.sort { $0.offset < $1.offset }
        for (earlier, later) in zip(extents, extents.dropFirst()) where earlier.end > later.offset {
            return false
        }
        clear()
        return lay(extents)
    }

    /// Sets the pin counts to 0 and makes all other records unused.
    private func readObjects() -> [Extent]? {
        var extents: [Extent] = []
        for index in 1..<max(1, header.usedRecords) {
            let record = record(index)
            guard StoreRecord.State.isObject(record.state) else {
                record.state = StoreRecord.State.unused
                continue
            }
            let offset = record.offset
            let allocated = record.allocated
            guard (0...layout.capacity).contains(offset), allocated > 0,
                allocated <= layout.capacity - offset,
                (offset | allocated) % StoreLayout.alignment == 0
            else { return nil }
            record.pinCount = 0
            extents.append(Extent(offset: offset, end: offset + allocated, index: index))
        }
        return extents
    }

    private func readPins() -> Bool {
        header.firstUnusedPin = 0
        for node in 1..<max(1, header.usedPins) {
            let index = pin(at: node).record
            guard index != 0 else {
                discardPin(node)
                continue
            }
            guard index < header.usedRecords, StoreRecord.State.isSealed(record(index).state) else {
                return false
            }
            record(index).pinCount += 1
        }
        return true
    }

    private func clear() {
        let header = header
        memset(base + layout.bucketsOffset, 0, layout.bucketCount * 4)
        if let classes = header.classes.baseAddress { memset(classes, 0, header.classes.count) }
        header.usedByteCount = 0
        header.pinnedByteCount = 0
        header.objectCount = 0
        header.firstUnusedRecord = 0
        for index in (1..<max(1, header.usedRecords)).reversed()
        where record(index).state == StoreRecord.State.unused {
            discardRecord(index)
        }
        header.lastExtent = 0
        header.top = 0
    }

    /// Joins the extents in the order of their offsets, with a free one in each gap.
    private func lay(_ extents: [Extent]) -> Bool {
        let header = header
        for extent in extents {
            if extent.offset > header.top {
                // Each gap had a record of its own before, so there is one.
                let gap = takeRecord()
                guard gap != 0 else { return false }
                attach(gap, offset: header.top, end: extent.offset)
                record(gap).state = StoreRecord.State.free
                addToList(gap)
            }
            attach(extent.index, offset: extent.offset, end: extent.end)
            let object = record(extent.index)
            if !StoreRecord.State.isDoomed(object.state) { link(extent.index) }
            header.usedByteCount += object.allocated
            header.objectCount += 1
            if object.pinCount > 0 { header.pinnedByteCount += object.allocated }
        }
        return true
    }

    private func attach(_ index: UInt32, offset: Int, end: Int) {
        let header = header
        let extent = record(index)
        extent.offset = offset
        extent.allocated = end - offset
        extent.before = header.lastExtent
        extent.after = 0
        if header.lastExtent != 0 { record(header.lastExtent).after = index }
        header.lastExtent = index
        header.top = end
    }
}
