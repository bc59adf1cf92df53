import MantaWire
import Testing

@Suite("byte writer and reader")
struct ByteBufferTests {
    @Test("what is appended is read back in order")
    func order() throws {
        let writer = ByteWriter(capacity: 1)
        writer.append(0x0102_0304 as UInt32)
        writer.append(byte: 9)
        writer.append(-1 as Int64)
        writer.appendZeros(3)
        [5, 6 as UInt8].withUnsafeBytes { writer.append($0) }
        #expect(Array(writer.bytes.prefix(5)) == [4, 3, 2, 1, 9])
        var reader = ByteReader(writer.bytes)
        #expect(try reader.read(UInt32.self) == 0x0102_0304)
        #expect(try reader.read(UInt8.self) == 9)
        #expect(try reader.read(Int64.self) == -1)
        try reader.skip(3)
        #expect(reader.remaining == 2)
        #expect(Array(try reader.readBytes(2)) == [5, 6])
        #expect(reader.isAtEnd && reader.offset == writer.count)
    }

    @Test("a header can be reserved and overwritten, bytes inserted and taken back")
    func header() throws {
        let writer = ByteWriter()
        writer.appendZeros(4)
        writer.append(0xBB as UInt8)
        writer.store(UInt32(writer.count).bigEndian, at: 0)
        [0xAA as UInt8].withUnsafeBytes { writer.insert($0, at: 4) }
        #expect(Array(writer.bytes) == [0, 0, 0, 5, 0xAA, 0xBB])
        writer.truncate(to: 5)
        #expect(Array(writer.bytes) == [0, 0, 0, 5, 0xAA])
        writer.removeAll()
        #expect(writer.count == 0 && writer.bytes.isEmpty)
        writer.append(byte: 1)
        writer.removeAll(keepingCapacity: false)
        writer.append(byte: 2)
        #expect(Array(writer.bytes) == [2])
    }

    @Test("a writer grows past any size it began with")
    func growth() {
        let writer = ByteWriter(capacity: 0)
        for value in 0..<100_000 { writer.append(UInt32(value)) }
        #expect(writer.count == 400_000)
        #expect(writer.bytes.loadUnaligned(fromByteOffset: 399_996, as: UInt32.self) == 99_999)
    }

    @Test("reading past the end is an error and moves nothing")
    func bounds() throws {
        try [1, 2, 3 as UInt8].withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            #expect(throws: WireError.self) { try reader.read(UInt32.self) }
            #expect(throws: WireError.self) { try reader.readBytes(4) }
            #expect(throws: WireError.self) { try reader.readBytes(-1) }
            #expect(throws: WireError.self) { try reader.skip(.max) }
            #expect(reader.offset == 0)
            try reader.skip(3)
            #expect(try reader.readBytes(0).isEmpty)
            let error = #expect(throws: WireError.self) { try reader.read(UInt8.self) }
            #expect(error?.description == "wire.truncated: 1 bytes needed at offset 3, 0 left")
        }
    }

    @Test("an empty buffer reads as nothing")
    func empty() {
        var reader = ByteReader(UnsafeRawBufferPointer(start: nil, count: 0))
        #expect(reader.isAtEnd)
        #expect(throws: WireError.self) { try reader.read(UInt8.self) }
        #expect(throws: WireError.self) { try CBOR.skip(&reader) }
        #expect(throws: WireError.self) { try CBOR.decode(Int.self, from: &reader) }
        #expect(throws: WireError.self) { try CBOR.decode([String: Int].self, from: &reader) }
    }

    @Test("an item that fails leaves writer and reader where they were")
    func unmovedOnError() throws {
        struct Failing: Encodable {
            struct Refusal: Error {}
            func encode(to encoder: any Encoder) throws {
                var container = encoder.unkeyedContainer()
                try container.encode(1)
                throw Refusal()
            }
        }
        let writer = ByteWriter()
        writer.append(byte: 1)
        #expect(throws: Failing.Refusal.self) { try CBOR.encode(Failing(), into: writer) }
        #expect(Array(writer.bytes) == [1])
        try CBOR.encode("ok", into: writer)
        var reader = ByteReader(writer.bytes)
        #expect(throws: DecodingError.self) { try CBOR.decode(String.self, from: &reader) }
        #expect(throws: DecodingError.self) { try CBOR.decode([String].self, from: &reader) }
        #expect(reader.offset == 0)
        #expect(try CBOR.decode(Int.self, from: &reader) == 1)
        #expect(try CBOR.decode(String.self, from: &reader) == "ok")
    }
}
