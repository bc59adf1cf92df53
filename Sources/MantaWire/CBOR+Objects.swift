// What an encoded value needs beside its bytes, and values that are elsewhere.

extension CBOR {
    /// Stands before the reference to an object that holds the value itself: "MANT", a tag that nobody has registered.
    package static let objectTag: UInt64 = 0x4D41_4E54

    /// Whether the next item is a value that lies in an object.
    @inline(__always)
    package static func isObject(_ reader: ByteReader) -> Bool {
        reader.peek == 0xDA && reader.remaining >= 5
            && reader.bytes.loadUnaligned(fromByteOffset: reader.offset + 1, as: UInt32.self)
                == UInt32(objectTag).bigEndian
    }

    /// Appends the tag; the reference follows.
    package static func appendObjectTag(to writer: ByteWriter) {
        writer.storage.pointee.appendHead(0xC0, objectTag)
    }

    /// Keeps `object` with what is being encoded, until whoever encodes lets go of the writer.
    ///
    /// - Returns: `false` for an encoder of another format, which keeps nothing.
    package static func attach(_ object: some AnyObject & Sendable, to encoder: any Encoder) -> Bool {
        guard let encoder = encoder as? CBOREncoder else { return false }
        encoder.core.state.pointee.attachments.append(object)
        return true
    }
}
