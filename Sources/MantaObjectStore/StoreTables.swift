internal import CMantaShims
internal import MantaCore

/// The tables of a store, for who has the lock.
///
/// Every function that changes something is called under the lock, and leaves the truth (see `StoreLayout.swift`) right
/// after each single store. Nothing here waits, calls the system or allocates, the rebuild apart. `base` is a mapping of the
/// whole file, which lives for as long as whoever holds this.
///
/// @unchecked: a constant pointer; what is behind it is only touched by atomic loads and stores of whole words.
struct StoreTables: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let layout: StoreLayout

    var header: StoreHeader { StoreHeader(base: base) }

    func record(_ index: UInt32) -> StoreRecord {
        StoreRecord(base: base + layout.recordsOffset + Int(index) * StoreLayout.recordByteCount)
    }

    func client(_ slot: UInt32) -> ClientSlot {
        ClientSlot(base: base + layout.clientsOffset + Int(slot) * StoreLayout.clientByteCount)
    }

    /// Where an object's bytes are.
    func bytes(offset: Int, lead: Int, byteCount: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: base + layout.dataOffset + offset + lead, count: byteCount)
    }

    // MARK: The index

    private func bucket(_ id: ObjectID) -> UnsafeMutableRawPointer {
        // The finalizer of SplitMix64: identifiers count upwards, and differ in few bits.
        var mixed = id.creator.rawValue &* 0x9e37_79b9_7f4a_7c15 &+ id.serial
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        mixed ^= mixed >> 31
        return base + layout.bucketsOffset + (Int(truncatingIfNeeded: mixed) & (layout.bucketCount - 1)) * 4
    }

    /// The record of an object, sealed or not; 0 when there is none, or a doomed one.
    func find(_ id: ObjectID) -> UInt32 {
        var index = manta_get32(bucket(id))
        while index != 0 {
            let record = record(index)
            if record.id == id { return index }
            index = record.nextInBucket
        }
        return 0
    }

    func link(_ index: UInt32) {
        let record = record(index)
        let bucket = bucket(record.id)
        record.nextInBucket = manta_get32(bucket)
        manta_put32(bucket, index)
    }

    private func unlink(_ index: UInt32) {
        let next = record(index).nextInBucket
        let bucket = bucket(record(index).id)
        var current = manta_get32(bucket)
        guard current != index else {
            manta_put32(bucket, next)
            return
        }
        while current != 0 {
            let record = record(current)
            if record.nextInBucket == index {
                record.nextInBucket = next
                return
            }
            current = record.nextInBucket
        }
    }

    // MARK: Objects

    /// What `reserve` found.
    enum Reserved {
        case at(UInt32)
        /// An object of that id is here.
        case exists
        case doesNotFit
        /// No record is left of those that memory is reserved for.
        case needsRecords
    }

    /// Finds room for an object and enters it, unsealed.
    func reserve(
        _ id: ObjectID,
        owner: ProcessID,
        byteCount: Int,
        traits: ObjectTraits,
        writer: UInt32,
        now: Moment
    ) -> Reserved {
        guard find(id) == 0 else { return .exists }
        let index: UInt32
        switch place(StoreLayout.extent(lead: traits.lead, byteCount: byteCount)) {
        case .at(let found): index = found
        case .doesNotFit: return .doesNotFit
        case .needsRecords: return .needsRecords
        }
        let record = record(index)
        record.id = id
        record.byteCount = byteCount
        record.pinCount = 0
        record.traits = traits
        record.owner = owner
        record.created = now
        record.writer = writer
        touch(record)
        record.state = StoreRecord.State.unsealed
        link(index)
        header.usedByteCount += record.allocated
        header.objectCount += 1
        return .at(index)
    }

    func touch(_ record: StoreRecord) {
        let now = header.useClock + 1
        header.useClock = now
        record.lastUse = now
    }

    /// Frees the object, or dooms it when somebody writes or pins it; it must not be doomed already.
    func free(_ index: UInt32) {
        let record = record(index)
        // Its writer may seal it at this moment, without the lock.
        if record.exchangeState(StoreRecord.State.unsealed, StoreRecord.State.doomedUnsealed) {
            unlink(index)
        } else if record.pinCount > 0 {
            record.state = StoreRecord.State.doomedSealed
            unlink(index)
        } else {
            remove(index)
        }
    }

    /// Takes the object away, whoever has it.
    func remove(_ index: UInt32) {
        let record = record(index)
        let wasDoomed = StoreRecord.State.isDoomed(record.state)
        record.state = StoreRecord.State.free
        if !wasDoomed { unlink(index) }
        header.usedByteCount -= record.allocated
        header.objectCount -= 1
        giveBack(index)
    }

    func entry(_ index: UInt32) -> ObjectStore.Entry {
        let record = record(index)
        let state = record.state
        let traits = record.traits
        return ObjectStore.Entry(
            id: record.id,
            owner: record.owner,
            role: traits.role,
            byteCount: record.byteCount,
            allocatedByteCount: record.allocated,
            pinCount: Int(record.pinCount),
            isSealed: StoreRecord.State.isSealed(state),
            isDoomed: StoreRecord.State.isDoomed(state),
            created: record.created
        )
    }
}
