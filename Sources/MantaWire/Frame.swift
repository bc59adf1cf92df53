// A frame on a link. All integers are little-endian.
//
//   offset  size  field
//   0       4     length: of all that follows this field
//   4       1     kind
//   5       1     flags
//   6       2     detail: of a reply its status, of a call its number of generic substitutions, of a greeting the version
//   8       4     number: of a call and all that is about it, of a method, of a ping
//   12      …     body
//
// The body of a call:
//
//   12      8     actor: scope
//   20      8     actor: number
//   28      4     method, as a `name` frame of the same link numbered it
//   32      4     epoch of the actor that is meant; 0: any
//   36      4     milliseconds until the deadline; 0xFFFFFFFF: none
//   40      …     generic substitutions (CBOR texts: mangled type names), then arguments: one CBOR item each
//
// With the flag `hasToken`, the head is followed by the token, and all else by 16 bytes later:
//
//   40      8     process that makes the call
//   48      8     sequence: of the calls of that process with tokens; starts at 1
//
// The body of a reply depends on its status: see `ReplyStatus`.

package import MantaCore

package enum FrameKind: UInt8, Sendable {
    case call = 1
    case reply = 2
    /// The caller has given the call up: cancel its task. The callee replies nevertheless.
    case cancel = 3
    /// Gives a method of this link its number; the body is its mangled name in UTF-8.
    case name = 4
    /// The call has started, and so have those sent before it to the same actor.
    case started = 5
    case hello = 6
    case welcome = 7
    case reject = 8
    case ping = 9
    case pong = 10
}

package struct FrameFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    /// An empty literal is not specialised in another module, and allocates an array.
    package init() { rawValue = 0 }

    /// The caller wants a `started` frame for this call.
    package static let wantsStarted = FrameFlags(rawValue: 1)
    /// Of a call: its head is followed by a `CallToken`.
    package static let hasToken = FrameFlags(rawValue: 2)
    /// Of a reply: its call did not start in its turn, so the reply says nothing of those sent before it.
    package static let outOfTurn = FrameFlags(rawValue: 4)
    /// Of a call: some of its arguments lie in objects. Of a reply: it has references to objects.
    package static let hasObjects = FrameFlags(rawValue: 8)
}

/// What a reply's body holds.
package enum ReplyStatus: UInt16, Sendable {
    /// The result as one CBOR item; nothing where there is none.
    case value = 0
    /// The method threw: a CBOR `RemoteFailure`.
    case thrown = 1
    /// The system refused or ended the call: a CBOR `ClusterError`.
    case failed = 2
}

/// The first 12 bytes of every frame.
package struct FrameHead: Hashable, Sendable {
    package static let byteCount = 12
    /// What `length` does not count: itself.
    package static let lengthByteCount = 4
    package static let callByteCount = 40
    package static let noDeadline = UInt32.max

    package var kind: FrameKind
    package var flags: FrameFlags
    package var detail: UInt16
    package var number: UInt32

    package init(_ kind: FrameKind, flags: FrameFlags = FrameFlags(), detail: UInt16 = 0, number: UInt32 = 0)
    {
        self.kind = kind
        self.flags = flags
        self.detail = detail
        self.number = number
    }

    /// Reads the head behind a length field, where at least 8 bytes are.
    package init(afterLength bytes: UnsafeRawPointer) throws(WireError) {
        let rawKind = bytes.load(as: UInt8.self)
        guard let kind = FrameKind(rawValue: rawKind) else {
            throw WireError(.malformed, "\(rawKind) is no kind of frame")
        }
        self.kind = kind
        flags = FrameFlags(rawValue: bytes.load(fromByteOffset: 1, as: UInt8.self))
        detail = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        number = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
    }

    /// Writes the head over the first bytes of `writer`, whose count is that of the whole frame.
    package func store(in writer: ByteWriter, at start: Int = 0) {
        writer.store(UInt32(writer.count - start - Self.lengthByteCount).littleEndian, at: start)
        writer.store(kind.rawValue, at: start + 4)
        writer.store(flags.rawValue, at: start + 5)
        writer.store(detail.littleEndian, at: start + 6)
        writer.store(number.littleEndian, at: start + 8)
    }

    /// Appends a whole frame with a small body.
    package func append(
        to writer: ByteWriter,
        body: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
    ) {
        let start = writer.count
        writer.appendZeros(Self.byteCount)
        writer.append(body)
        store(in: writer, at: start)
    }
}

/// The fixed part of a call's body.
package struct CallHead: Hashable, Sendable {
    package static let byteCount = FrameHead.callByteCount - FrameHead.byteCount

    package var actor: ActorID
    package var method: UInt32
    package var epoch: UInt32
    package var remainingMilliseconds: UInt32

    package init(actor: ActorID, method: UInt32, epoch: UInt32, remainingMilliseconds: UInt32) {
        self.actor = actor
        self.method = method
        self.epoch = epoch
        self.remainingMilliseconds = remainingMilliseconds
    }

    package init(_ reader: inout ByteReader) throws(WireError) {
        let scope = try reader.read(UInt64.self)
        actor = ActorID(scope: scope, number: try reader.read(UInt64.self))
        method = try reader.read(UInt32.self)
        epoch = try reader.read(UInt32.self)
        remainingMilliseconds = try reader.read(UInt32.self)
    }

    /// Writes over bytes 12 to 40 of the frame in `writer`.
    package func store(in writer: ByteWriter) {
        writer.store(actor.scope.littleEndian, at: 12)
        writer.store(actor.number.littleEndian, at: 20)
        writer.store(method.littleEndian, at: 28)
        writer.store(epoch.littleEndian, at: 32)
        writer.store(remainingMilliseconds.littleEndian, at: 36)
    }
}

/// Names a call that its caller may send again: the callee runs it once, and keeps its reply.
package struct CallToken: Hashable, Sendable {
    package static let byteCount = 16

    package var caller: ProcessID
    package var sequence: UInt64

    package init(caller: ProcessID, sequence: UInt64) {
        self.caller = caller
        self.sequence = sequence
    }

    /// Reads the token behind a `CallHead`.
    package init(_ reader: inout ByteReader) throws(WireError) {
        caller = ProcessID(try reader.read(UInt64.self))
        sequence = try reader.read(UInt64.self)
    }

    /// Writes over bytes 40 to 56 of the frame in `writer`.
    package func store(in writer: ByteWriter) {
        writer.store(caller.rawValue.littleEndian, at: FrameHead.callByteCount)
        writer.store(sequence.littleEndian, at: FrameHead.callByteCount + 8)
    }
}
