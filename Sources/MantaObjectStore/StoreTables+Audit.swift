internal import CMantaShims

/// Compares everything that the tables say twice. For tests, and for who suspects them.
extension StoreTables {
    /// - Returns: What is wrong, in words; nothing when all is well. Takes some milliseconds.
    func audit() -> [String] {
        var faults: [String] = []
        let walked = auditExtents(&faults)
        auditRecords(walked, &faults)
        auditLists(walked, &faults)
        auditIndex(walked, &faults)
        auditPins(walked, &faults)
        return faults
    }

    /// Walks the data from 0 to its top: every byte belongs to one extent.
    private func auditExtents(_ faults: inout [String]) -> [UInt32] {
        var walked: [UInt32] = []
        var end = 0
        var before: UInt32 = 0
        var index = header.lastExtent
        // From the back to find the first: only then is it known that both directions agree.
        while index != 0, walked.count <= Int(header.usedRecords) {
            walked.append(index)
            index = record(index).before
        }
        walked.reverse()
        for index in walked {
            let extent = record(index)
            if extent.offset != end {
                faults.append("extent \(index) begins at \(extent.offset), not \(end)")
            }
            if extent.allocated <= 0 || extent.allocated % StoreLayout.alignment != 0 {
                faults.append("extent \(index) has \(extent.allocated) bytes")
            }
            if extent.before != before { faults.append("extent \(index) is not behind \(before)") }
            if before != 0, record(before).after != index {
                faults.append("extent \(before) is not before \(index)")
            }
            if extent.state == StoreRecord.State.unused { faults.append("extent \(index) is unused") }
            if before != 0, extent.state == StoreRecord.State.free,
                record(before).state == StoreRecord.State.free
            {
                faults.append("extents \(before) and \(index) are both free")
            }
            end = extent.end
            before = index
        }
        if before != 0, record(before).after != 0 { faults.append("extent \(before) is not the last") }
        if header.top != end { faults.append("the top is \(header.top), not \(end)") }
        if end > layout.capacity { faults.append("\(end) bytes are more than \(layout.capacity)") }
        return walked
    }

    private func auditRecords(_ walked: [UInt32], _ faults: inout [String]) {
        let extents = Set(walked)
        if extents.count != walked.count { faults.append("an extent is met twice") }
        var unused = Set<UInt32>()
        var index = header.firstUnusedRecord
        while index != 0, unused.insert(index).inserted { index = record(index).nextInList }
        if index != 0 { faults.append("the list of unused records has a loop at \(index)") }
        var used = 0
        var objects: UInt32 = 0
        var pinned = 0
        for index in 1..<max(1, header.usedRecords) {
            let record = record(index)
            let isExtent = extents.contains(index)
            if isExtent == unused.contains(index) {
                faults.append("record \(index) is \(isExtent ? "both" : "neither") an extent and unused")
            }
            if !isExtent, record.state != StoreRecord.State.unused {
                faults.append("record \(index) has no extent, and state \(record.state)")
            }
            guard StoreRecord.State.isObject(record.state) else { continue }
            used += record.allocated
            objects += 1
            if record.pinCount > 0 { pinned += record.allocated }
            let due = StoreLayout.extent(lead: record.traits.lead, byteCount: record.byteCount)
            if record.allocated != due {
                faults.append("object \(record.id) has \(record.allocated), not \(due)")
            }
            if record.state == StoreRecord.State.doomedSealed, record.pinCount == 0 {
                faults.append("object \(record.id) is doomed, and nobody has it")
            }
        }
        if used != header.usedByteCount {
            faults.append("\(used) bytes are in use, not \(header.usedByteCount)")
        }
        if objects != header.objectCount {
            faults.append("there are \(objects) objects, not \(header.objectCount)")
        }
        if pinned != header.pinnedByteCount {
            faults.append("\(pinned) bytes are pinned, not \(header.pinnedByteCount)")
        }
    }

    private func auditLists(_ walked: [UInt32], _ faults: inout [String]) {
        var left = Set(walked.filter { record($0).state == StoreRecord.State.free })
        for sizeClass in 0..<SizeClass.count {
            var index = header.classHead(sizeClass)
            let hasBit = header.classBits(sizeClass / 64) >> (sizeClass % 64) & 1 == 1
            if hasBit != (index != 0) { faults.append("the bit of size class \(sizeClass) is wrong") }
            var previous: UInt32 = 0
            while index != 0 {
                guard left.remove(index) != nil else {
                    faults.append("record \(index) is on list \(sizeClass), and not free, or on two")
                    break
                }
                let extent = record(index)
                if SizeClass.of(extent.allocated) != sizeClass {
                    faults.append("extent \(index) is not of size class \(sizeClass)")
                }
                if extent.previousInList != previous {
                    faults.append("extent \(index) has another before it")
                }
                previous = index
                index = extent.nextInList
            }
        }
        if !left.isEmpty { faults.append("free extents \(left.sorted()) are on no list") }
    }

    private func auditIndex(_ walked: [UInt32], _ faults: inout [String]) {
        var chained = 0
        for bucket in 0..<layout.bucketCount {
            var index = manta_get32(base + layout.bucketsOffset + bucket * 4)
            while index != 0, chained <= walked.count {
                chained += 1
                index = record(index).nextInBucket
            }
        }
        var due = 0
        for index in walked {
            let record = record(index)
            guard StoreRecord.State.isObject(record.state), !StoreRecord.State.isDoomed(record.state) else {
                continue
            }
            due += 1
            if find(record.id) != index { faults.append("object \(record.id) is not found") }
        }
        if chained != due { faults.append("\(chained) objects are in the index, not \(due)") }
    }

    private func auditPins(_ walked: [UInt32], _ faults: inout [String]) {
        var counts: [UInt32: UInt32] = [:]
        var unused = Set<UInt32>()
        var node = header.firstUnusedPin
        while node != 0, unused.insert(node).inserted { node = pin(at: node).client }
        if node != 0 { faults.append("the list of unused pin nodes has a loop at \(node)") }
        for node in 1..<max(1, header.usedPins) {
            let pin = pin(at: node)
            if (pin.record == 0) != unused.contains(node) {
                faults.append("pin node \(node) is both used and unused, or neither")
            }
            guard pin.record != 0 else { continue }
            counts[pin.record, default: 0] += 1
            if !client(pin.client).isTaken { faults.append("pin node \(node) is of nobody") }
        }
        for index in walked {
            let record = record(index)
            let count = counts.removeValue(forKey: index) ?? 0
            guard StoreRecord.State.isObject(record.state) else {
                if count > 0 { faults.append("extent \(index) is pinned, and no object") }
                continue
            }
            if record.pinCount != count {
                faults.append("\(record.id) has \(record.pinCount) pins, not \(count)")
            }
            if !StoreRecord.State.isSealed(record.state), !client(record.writer).isTaken {
                faults.append("\(record.id) is written by nobody")
            }
        }
        if !counts.isEmpty { faults.append("records \(counts.keys.sorted()) are pinned, and have no extent") }
    }
}
