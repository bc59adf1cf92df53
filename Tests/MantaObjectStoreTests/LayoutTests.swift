import CMantaShims
import MantaCore
import Testing

@testable import MantaObjectStore

/// The bytes in shared memory, which other processes read.
@Suite("The layout of an object store")
struct LayoutTests {
    private func hex(_ start: UnsafeMutableRawPointer, _ count: Int) -> String {
        UnsafeRawBufferPointer(start: start, count: count).enumerated().map { index, byte in
            let text = String(byte, radix: 16)
            return (text.count == 1 ? "0" : "") + text + (index % 16 == 15 ? "\n" : "")
        }.joined()
    }

    @Test("the fixed part of the header is these bytes")
    func header() throws {
        let store = try ObjectStore.create(.init(capacity: 1 << 20), keeper: ProcessID(0x1122_3344_5566_7788))
        #expect(
            hex(store.tables.base, 96) == """
                4d616e74614f626a0100000000040000
                0000b400000000000000100000000000
                00000100008000000000040000000000
                88776655443322110000010000000000
                00000200000000000000040000000000
                00008400000000000000a40000000000

                """
        )
    }

    @Test("a record and a pin node are these bytes")
    func record() throws {
        let store = try ObjectStore.create(.init(capacity: 1 << 20), keeper: ProcessID(3))
        let other = try ObjectStore.open(store.address, as: ProcessID(4))
        let id = ObjectID(creator: ProcessID(0x0102_0304), serial: 0x0506)
        let reservation = try #require(
            try other.reserve(
                id,
                owner: ProcessID(0x0708),
                byteCount: 300,
                lead: 9,
                role: .copy,
                holdsReferences: true
            )
        )
        try reservation.seal()
        let pin = try #require(try other.pin(id))
        let record = store.tables.record(pin.record)
        record.created = Moment(nanoseconds: 0x0a0b)
        #expect(
            hex(record.base, 112) == """
                03000000000000000403020100000000
                06050000000000000000000000000000
                40010000000000002c01000000000000
                02000000000000000100000009020100
                08070000000000000b0a000000000000
                01000000000000000000000000000000
                00000000000000000000000000000000

                """
        )
        #expect(
            hex(store.tables.base + store.tables.layout.pinsOffset, 16)
                == "00000000000000000100000001000000\n"
        )
    }

    @Test("sections do not overlap, whatever the capacity", arguments: [1, 4_096, 1 << 30, 1 << 40, 1 << 44])
    func sections(capacity: Int) {
        let layout = StoreLayout(capacity: capacity)
        let sections = [
            (0, StoreLayout.headerByteCount),
            (layout.clientsOffset, StoreLayout.clientLimit * StoreLayout.clientByteCount),
            (layout.bucketsOffset, layout.bucketCount * 4),
            (layout.recordsOffset, layout.recordLimit * StoreLayout.recordByteCount),
            (layout.pinsOffset, layout.pinLimit * StoreLayout.pinByteCount),
            (layout.dataOffset, layout.capacity),
        ]
        for (earlier, later) in zip(sections, sections.dropFirst()) {
            #expect(earlier.0 + earlier.1 <= later.0)
            #expect(later.0 % StoreLayout.sectionAlignment == 0)
        }
        #expect(layout.bucketCount.nonzeroBitCount == 1)
        #expect(layout.pinLimit <= UInt32.max && layout.recordLimit <= UInt32.max)
        #expect(layout.capacity >= capacity && layout.capacity < capacity + 4_096)
    }

    @Test("tables that contradict themselves are not used")
    func broken() throws {
        let stores = try Stores(capacity: 1 << 20)
        _ = try stores.put(byteCount: 10)
        let second = try stores.put(byteCount: 10)
        let tables = stores.keeper.tables
        #expect(tables.rebuild())
        #expect(try stores.faults() == [])
        let record = tables.record(tables.find(second))
        record.offset = 0
        #expect(!tables.rebuild())
        record.offset = 1 << 30
        #expect(!tables.rebuild())
        tables.header.isBroken = true
        expectError(.objectLost) { try stores.keeper.contains(second) }
        expectError(.objectLost) { try stores.open() }
    }
}
