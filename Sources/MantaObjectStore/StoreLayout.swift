// The file of a node's object store, version 1. All processes of the node map it whole. Numbers are in the machine's
// byte order; "record 0" and "node 0" mean none. What is marked T is the truth: it is stored last when something comes
// into being and first when it ends, so it is right after any instruction. All else follows from it, and is computed
// anew when a process died while it had the lock.
//
//   HEADER, 64 KiB
//      0  magic "MantaObj"                     8  layout version, u32        12  client slots, u32
//     16  bytes of the file, u64              24  capacity, u64              32  record slots, u32
//     36  hash buckets, u32                   40  pin nodes, u32             48  keeper, u64
//     56  offset of client slots, u64         64  of buckets, u64            72  of records, u64
//     80  of pin nodes, u64                   88  of data, u64               (all of it fixed at creation)
//    128  lock of the tables, 64 bytes       192  process id of who has it or had it last, u32
//    196  1: the truth contradicts itself, u32                              200  times rebuilt, u32
//    256  lock of growth, 64 bytes           320  process id of who has it or had it last, u32
//    328  T bytes of data that the system has reserved, u64 (at least; set before they are given back, after they came)
//    336  T record slots so reserved, u32    340  T pin nodes so reserved, u32
//    384  end of the data ever handed out and not taken back, u64
//    392  bytes in use, u64                  400  bytes pinned, u64         408  clock of uses, u64
//    416  objects, u32                       420  T record slots ever used, u32
//    424  first unused record, u32           428  record of the last extent, u32
//    432  T pin nodes ever used, u32         436  first unused pin node, u32
//    512  16 words of bits, u64: which size classes have free extents
//   1024  640 heads of the lists of free extents, u32
//
//   CLIENT SLOTS, 1,024 of 64 bytes: the processes that have the store open
//      0  ProcessID, u64                       8  T 1 when taken, u32        12  system's process id, u32
//     16  times taken, u32
//     The process holds a lock on the slot's first byte in the file for as long as it lives.
//
//   HASH BUCKETS, u32 each: the first record of a chain
//
//   RECORDS, 128 bytes each: one for each extent of the data, in use or free
//      0  T state, u32 (`StoreRecord.State`)   4  next in the chain of its bucket, u32
//      8  T id: creator, u64                  16  T id: serial, u64
//     24  T offset of the extent, u64         32  T its bytes, u64
//     40  T bytes of the object, u64          48  when last used, u64
//     56  processes that pin it, u32          60  T lead + role << 8 + holdsReferences << 16, u32
//     64  T owner, u64                        72  T created, nanoseconds of the monotonic clock, u64
//     80  T slot of who writes it, u32        84  record of the extent before, u32
//     88  of the extent after, u32            92  previous in the list of its size class, u32
//     96  next in that list, or of the unused records, u32
//
//   PIN NODES, u64 each: T record << 32 + slot of the client; when unused, the next unused node
//
//   DATA, `capacity` bytes. Extents begin at multiples of 64; an object begins `lead` bytes into its extent.

/// Where things are in the file of a store; follows from the capacity.
struct StoreLayout: Hashable, Sendable {
    /// "MantaObj", read as a little-endian number.
    static let magic: UInt64 = 0x6a62_4f61_746e_614d
    static let version: UInt32 = 1

    /// Extents begin and end at multiples of this: a cache line.
    static let alignment = 64
    /// Sections of the file begin at multiples of the largest page that a Linux system of ours has.
    static let sectionAlignment = 65_536
    static let capacityLimit = 1 << 44

    static let headerByteCount = sectionAlignment
    static let clientLimit = 1_024
    static let clientByteCount = 64
    static let recordByteCount = 128
    static let pinByteCount = 8
    /// How much of the records and of the pin nodes is reserved at a time, in bytes.
    static let tableStep = sectionAlignment

    let capacity: Int
    let recordLimit: Int
    let bucketCount: Int
    let pinLimit: Int

    let clientsOffset: Int
    let bucketsOffset: Int
    let recordsOffset: Int
    let pinsOffset: Int
    let dataOffset: Int

    /// - Parameter capacity: In bytes, from 1 to `capacityLimit`; rounded up to 4 KiB.
    init(capacity: Int) {
        self.capacity = capacity.roundedUp(to: 4_096)
        recordLimit = min(max(65_536, self.capacity >> 14), 1 << 28)
        bucketCount = 1 << (Int.bitWidth - (recordLimit / 2 - 1).leadingZeroBitCount)
        pinLimit = recordLimit * 4
        clientsOffset = Self.headerByteCount
        bucketsOffset = clientsOffset + Self.clientLimit * Self.clientByteCount
        recordsOffset = bucketsOffset + (bucketCount * 4).roundedUp(to: Self.sectionAlignment)
        pinsOffset =
            recordsOffset + (recordLimit * Self.recordByteCount).roundedUp(to: Self.sectionAlignment)
        dataOffset = pinsOffset + (pinLimit * Self.pinByteCount).roundedUp(to: Self.sectionAlignment)
    }

    /// Of the whole file.
    var byteCount: Int { dataOffset + capacity }
    /// What is reserved at creation and never grows: header, client slots and buckets.
    var fixedByteCount: Int { recordsOffset }

    /// What an object takes: its bytes and the lead, rounded up. Nothing is smaller than a cache line.
    static func extent(lead: Int, byteCount: Int) -> Int {
        max(alignment, (lead + byteCount).roundedUp(to: alignment))
    }
}

extension Int {
    /// The next multiple of a power of two, unless it is one.
    func roundedUp(to unit: Int) -> Int { (self + unit - 1) & ~(unit - 1) }
}
