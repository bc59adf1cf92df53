internal import CMantaShims

/// The allocator: which extents of the data are free.
///
/// Extents of records lie one behind the other, without gaps, from 0 to `top`, and no two neighbours are both free.
extension StoreTables {
    /// How many extents of the request's own class are tried before a larger one is cut.
    private static let nearTries = 16
    /// How many are tried when there is nothing else.
    private static let lastTries = 512

    /// What `place` found.
    enum Placed {
        /// An extent of exactly the size, on no list, whose record has no state of an object yet.
        case at(UInt32)
        case doesNotFit
        case needsRecords
    }

    /// Finds room: freed extents first, of memory that is there already; then what was never used.
    func place(_ byteCount: Int) -> Placed {
        let header = header
        var found = findFree(byteCount, tries: Self.nearTries)
        if found == 0 {
            let last = header.lastExtent
            let isLastFree = last != 0 && record(last).state == StoreRecord.State.free
            let start = isLastFree ? record(last).offset : header.top
            if byteCount <= layout.capacity - start {
                return isLastFree ? stretch(last, to: byteCount) : append(byteCount)
            }
            found = findFree(byteCount, tries: Self.lastTries)
            guard found != 0 else { return .doesNotFit }
        }
        let extent = record(found)
        if extent.allocated > byteCount {
            let rest = takeRecord()
            guard rest != 0 else { return .needsRecords }
            removeFromList(found)
            split(found, at: byteCount, into: rest)
        } else {
            removeFromList(found)
        }
        return .at(found)
    }

    /// Makes the free extent at the end of those in use as long as it has to be.
    private func stretch(_ last: UInt32, to byteCount: Int) -> Placed {
        removeFromList(last)
        let extent = record(last)
        extent.allocated = byteCount
        header.top = extent.end
        return .at(last)
    }

    private func append(_ byteCount: Int) -> Placed {
        let index = takeRecord()
        guard index != 0 else { return .needsRecords }
        let header = header
        let extent = record(index)
        extent.offset = header.top
        extent.allocated = byteCount
        extent.before = header.lastExtent
        extent.after = 0
        if header.lastExtent != 0 { record(header.lastExtent).after = index }
        header.lastExtent = index
        header.top = extent.end
        return .at(index)
    }

    private func split(_ index: UInt32, at byteCount: Int, into rest: UInt32) {
        let extent = record(index)
        let tail = record(rest)
        tail.offset = extent.offset + byteCount
        tail.allocated = extent.allocated - byteCount
        tail.before = index
        tail.after = extent.after
        tail.state = StoreRecord.State.free
        if extent.after != 0 { record(extent.after).before = rest } else { header.lastExtent = rest }
        extent.after = rest
        extent.allocated = byteCount
        addToList(rest)
    }

    /// Takes back an extent whose record is `free` already, and joins it with its neighbours.
    func giveBack(_ index: UInt32) {
        var joined = index
        let before = record(index).before
        if before != 0, record(before).state == StoreRecord.State.free {
            removeFromList(before)
            absorb(index, into: before)
            joined = before
        }
        let after = record(joined).after
        if after != 0, record(after).state == StoreRecord.State.free {
            removeFromList(after)
            absorb(after, into: joined)
        }
        if !cut(joined) { addToList(joined) }
    }

    /// Joins two free neighbours; the record of the latter becomes unused.
    private func absorb(_ index: UInt32, into earlier: UInt32) {
        let extent = record(index)
        let target = record(earlier)
        target.allocated += extent.allocated
        target.after = extent.after
        if extent.after != 0 { record(extent.after).before = earlier } else { header.lastExtent = earlier }
        discardRecord(index)
    }

    /// At the end of what is in use, gives up memory that was never reserved: the system refused it, or whoever was
    /// about to reserve it died. Otherwise small requests would be sent there while there is memory elsewhere.
    ///
    /// - Parameter index: A free extent on no list.
    /// - Returns: Whether nothing is left of it.
    private func cut(_ index: UInt32) -> Bool {
        let header = header
        let extent = record(index)
        let reserved = header.reservedData
        guard header.lastExtent == index, extent.end > reserved else { return false }
        if extent.offset < reserved {
            extent.allocated = reserved - extent.offset
            header.top = reserved
            return false
        }
        dropLast(index)
        return true
    }

    /// Gives up the free extent at the end of what is in use, if there is one.
    func dropTail() {
        let last = header.lastExtent
        guard last != 0, record(last).state == StoreRecord.State.free else { return }
        removeFromList(last)
        dropLast(last)
    }

    private func dropLast(_ index: UInt32) {
        let header = header
        let extent = record(index)
        header.lastExtent = extent.before
        if extent.before != 0 { record(extent.before).after = 0 }
        header.top = extent.offset
        discardRecord(index)
    }

    // MARK: Records

    /// A record for an extent; 0 when none is left of those that memory is reserved for.
    func takeRecord() -> UInt32 {
        let header = header
        let index = header.firstUnusedRecord
        if index != 0 {
            header.firstUnusedRecord = record(index).nextInList
            return index
        }
        let fresh = header.usedRecords
        guard fresh < header.reservedRecords else { return 0 }
        header.usedRecords = fresh + 1
        return fresh
    }

    func discardRecord(_ index: UInt32) {
        let record = record(index)
        record.state = StoreRecord.State.unused
        record.nextInList = header.firstUnusedRecord
        header.firstUnusedRecord = index
    }

    // MARK: Lists of free extents, the latest first

    func addToList(_ index: UInt32) {
        let header = header
        let extent = record(index)
        let sizeClass = SizeClass.of(extent.allocated)
        let head = header.classHead(sizeClass)
        extent.previousInList = 0
        extent.nextInList = head
        if head != 0 {
            record(head).previousInList = index
        } else {
            header.setClassBits(sizeClass / 64, header.classBits(sizeClass / 64) | 1 << (sizeClass % 64))
        }
        header.setClassHead(sizeClass, index)
    }

    private func removeFromList(_ index: UInt32) {
        let header = header
        let extent = record(index)
        let previous = extent.previousInList
        let next = extent.nextInList
        if next != 0 { record(next).previousInList = previous }
        guard previous == 0 else {
            record(previous).nextInList = next
            return
        }
        let sizeClass = SizeClass.of(extent.allocated)
        header.setClassHead(sizeClass, next)
        if next == 0 {
            header.setClassBits(sizeClass / 64, header.classBits(sizeClass / 64) & ~(1 << (sizeClass % 64)))
        }
    }

    /// A free extent of at least that size; 0 when there is none, or when it is behind `tries` smaller ones of the
    /// same class and no higher class has any.
    private func findFree(_ byteCount: Int, tries: Int) -> UInt32 {
        let header = header
        let own = SizeClass.of(byteCount)
        var index = header.classHead(own)
        var left = tries
        while index != 0, left > 0 {
            let extent = record(index)
            if extent.allocated >= byteCount { return index }
            index = extent.nextInList
            left -= 1
        }
        var word = (own + 1) / 64
        var bits = header.classBits(word) & (~0 << UInt64((own + 1) % 64))
        while bits == 0 {
            word += 1
            guard word < SizeClass.count / 64 else { return 0 }
            bits = header.classBits(word)
        }
        return header.classHead(word * 64 + bits.trailingZeroBitCount)
    }
}
