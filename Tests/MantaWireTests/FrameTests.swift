import MantaCore
import MantaWire
import Testing

@Suite("frames")
struct FrameTests {
    /// The bytes of a frame with a small body.
    private func frame(_ head: FrameHead, _ body: [UInt8] = []) -> String {
        let writer = ByteWriter()
        body.withUnsafeBytes { head.append(to: writer, body: $0) }
        return hex([UInt8](writer.bytes))
    }

    private static let callHead = CallHead(
        actor: ActorID(scope: 0x1122_3344_5566_7788, number: 0x99AA_BBCC_DDEE_FF01),
        method: 0x0A0B_0C0D,
        epoch: 7,
        remainingMilliseconds: 30_000
    )

    private func call(_ call: CallHead, flags: FrameFlags = [], arguments: [UInt8] = []) -> [UInt8] {
        let writer = ByteWriter()
        writer.appendZeros(FrameHead.callByteCount)
        arguments.withUnsafeBytes { writer.append($0) }
        call.store(in: writer)
        FrameHead(.call, flags: flags, detail: 2, number: 0x0102_0304).store(in: writer)
        return [UInt8](writer.bytes)
    }

    // MARK: Golden bytes

    @Test("a call is its head, its actor, method, epoch and time left, then its arguments, all little-endian")
    func call() {
        let bytes = call(Self.callHead, flags: .wantsStarted, arguments: [0x18, 0x2A])
        let expected = [
            "26000000",  // 38 bytes follow
            "01", "01", "0200", "04030201",  // call, wants `started`, two substitutions, number
            "8877665544332211", "01ffeeddccbbaa99",  // actor
            "0d0c0b0a", "07000000", "30750000",  // method, epoch, milliseconds
            "182a",  // the argument 42
        ]
        #expect(hex(bytes) == expected.joined())
    }

    @Test("the token of a call that may be sent again stands between its head and its arguments")
    func token() throws {
        let writer = ByteWriter()
        writer.appendZeros(FrameHead.callByteCount + CallToken.byteCount)
        writer.append(byte: 0x07)
        Self.callHead.store(in: writer)
        let token = CallToken(caller: ProcessID(0x1122_3344_5566_7788), sequence: 0x0102)
        token.store(in: writer)
        FrameHead(.call, flags: [.wantsStarted, .hasToken], number: 1).store(in: writer)
        let expected = [
            "35000000", "01", "03", "0000", "01000000",
            "8877665544332211", "01ffeeddccbbaa99", "0d0c0b0a", "07000000", "30750000",
            "8877665544332211", "0201000000000000",  // caller, sequence
            "07",
        ]
        #expect(hex(Array(writer.bytes)) == expected.joined())
        var reader = ByteReader(UnsafeRawBufferPointer(rebasing: writer.bytes[FrameHead.byteCount...]))
        #expect(try CallHead(&reader) == Self.callHead)
        #expect(try CallToken(&reader) == token)
        #expect(reader.remaining == 1)
    }

    @Test("a token that ends too early is truncated", arguments: 0..<16)
    func truncatedToken(count: Int) {
        let error = #expect(throws: WireError.self) {
            try [UInt8](repeating: 1, count: count).withUnsafeBytes { bytes in
                var reader = ByteReader(bytes)
                _ = try CallToken(&reader)
            }
        }
        #expect(error?.code == .truncated)
    }

    @Test("a reply to a call that did not start in its turn says so")
    func outOfTurn() {
        let head = FrameHead(.reply, flags: .outOfTurn, detail: ReplyStatus.failed.rawValue, number: 1)
        #expect(frame(head, [0xA0]) == "09000000" + "0204020001000000" + "a0")
    }

    @Test("a call without a deadline says so with all bits set")
    func noDeadline() {
        var head = Self.callHead
        head.remainingMilliseconds = FrameHead.noDeadline
        #expect(hex(Array(call(head).suffix(4))) == "ffffffff")
    }

    @Test("a reply has its status in the detail")
    func reply() {
        let number: UInt32 = 0xDEAD_BEEF
        #expect(
            frame(FrameHead(.reply, detail: ReplyStatus.value.rawValue, number: number)) == "080000000200"
                + "0000efbeadde"
        )
        #expect(
            frame(FrameHead(.reply, detail: ReplyStatus.thrown.rawValue, number: number), [0xA0])
                == "09000000" + "02000100efbeadde" + "a0"
        )
        #expect(
            frame(FrameHead(.reply, detail: ReplyStatus.failed.rawValue, number: 1), [0xA0])
                == "09000000" + "0200020001000000" + "a0"
        )
    }

    @Test(
        "frames about a call or a method are a head with its number",
        arguments: [
            (FrameKind.cancel, "08000000" + "0300000009000000"),
            (.started, "08000000" + "0500000009000000"),
            (.ping, "08000000" + "0900000009000000"),
            (.pong, "08000000" + "0a00000009000000"),
        ]
    )
    func heads(kind: FrameKind, expected: String) {
        #expect(frame(FrameHead(kind, number: 9)) == expected)
    }

    @Test("a name's body is the mangled name in UTF-8")
    func name() {
        #expect(
            frame(FrameHead(.name, number: 258), Array("$s1mTE".utf8)) == "0e000000" + "0400000002010000"
                + "247331" + "6d5445"
        )
    }

    @Test(
        "greetings have the version in the detail",
        arguments: [(FrameKind.hello, 6), (.welcome, 7), (.reject, 8)]
    )
    func greetings(kind: FrameKind, number: Int) {
        #expect(frame(FrameHead(kind, detail: 0x0102)) == "08000000" + "0\(number)00020100000000")
    }

    @Test("frames that share a buffer each count their own bytes")
    func several() {
        let writer = ByteWriter()
        FrameHead(.ping, number: 1).append(to: writer)
        [UInt8](repeating: 7, count: 3).withUnsafeBytes {
            FrameHead(.name, number: 2).append(to: writer, body: $0)
        }
        #expect(
            hex([UInt8](writer.bytes)) == "080000000900000001000000" + "0b0000000400000002000000" + "070707"
        )
    }

    // MARK: Reading

    private func head(_ bytes: [UInt8]) throws -> FrameHead {
        try bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { throw WireError(.truncated, "no bytes") }
            return try FrameHead(afterLength: start)
        }
    }

    @Test("every kind of head is read as it was written", arguments: 1...10 as ClosedRange<UInt8>)
    func readHead(rawKind: UInt8) throws {
        let kind = try #require(FrameKind(rawValue: rawKind))
        let written = FrameHead(kind, flags: FrameFlags(rawValue: 0x81), detail: 0xABCD, number: 0x8765_4321)
        let writer = ByteWriter()
        written.append(to: writer)
        #expect(try head(Array(writer.bytes.dropFirst(FrameHead.lengthByteCount))) == written)
    }

    @Test("a head is read from any address")
    func unaligned() throws {
        let writer = ByteWriter()
        let written = FrameHead(.reply, detail: 1, number: 0x0102_0304)
        writer.append(byte: 0)
        written.append(to: writer)
        let read = try writer.bytes.withUnsafeBytes(at: 1 + FrameHead.lengthByteCount) {
            try FrameHead(afterLength: $0)
        }
        #expect(read == written)
    }

    @Test("a kind that is none is malformed", arguments: [0, 11, 12, 127, 255] as [UInt8])
    func unknownKind(rawKind: UInt8) {
        let error = #expect(throws: WireError.self) { try head([rawKind, 0, 0, 0, 0, 0, 0, 0]) }
        #expect(error?.code == .malformed)
        #expect(error?.message.contains("\(rawKind)") == true)
    }

    @Test("flags that this version does not know are kept, not refused")
    func unknownFlags() throws {
        let head = try head([1, 0xFE, 0, 0, 0, 0, 0, 0])
        #expect(head.flags == FrameFlags(rawValue: 0xFE))
        #expect(!head.flags.contains(.wantsStarted))
    }

    @Test("the head of a call is read as it was written, and the reader stands at its arguments")
    func readCall() throws {
        let bytes = call(Self.callHead, arguments: [0x18, 0x2A])
        try bytes[FrameHead.byteCount...].withUnsafeBytes { body in
            var reader = ByteReader(body)
            let head = try CallHead(&reader)
            #expect(head == Self.callHead)
            let argument = try CBOR.decode(Int.self, from: &reader)
            #expect(argument == 42)
        }
    }

    @Test("a call's body that ends too early is truncated", arguments: 0..<28)
    func truncatedCall(count: Int) {
        let body = call(Self.callHead)[FrameHead.byteCount...].prefix(count)
        let error = #expect(throws: WireError.self) {
            try body.withUnsafeBytes { body in
                var reader = ByteReader(body)
                _ = try CallHead(&reader)
            }
        }
        #expect(error?.code == .truncated)
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func withUnsafeBytes<R>(at offset: Int, _ body: (UnsafeRawPointer) throws -> R) throws -> R {
        try body(try #require(baseAddress) + offset)
    }
}
