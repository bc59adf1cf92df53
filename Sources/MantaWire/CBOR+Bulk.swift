// Values that are one block of memory behind a short head: byte strings and typed arrays. They are written with one copy
// wherever they go, and can be read where they lie.

extension CBOR {
    /// What stands before the block: at most a tag of two bytes and a string head of nine.
    package struct BulkHead {
        private var low: UInt64 = 0
        private var high: UInt64 = 0
        package private(set) var byteCount = 0

        fileprivate init(tag: UInt64?, payloadByteCount: Int) {
            if let tag { append(major: 0xC0, tag) }
            append(major: 0x40, UInt64(payloadByteCount))
        }

        private mutating func append(major: UInt8, _ argument: UInt64) {
            let width =
                argument < 24
                ? 0 : argument <= 0xFF ? 1 : argument <= 0xFFFF ? 2 : argument <= 0xFFFF_FFFF ? 4 : 8
            let code: UInt8 = width == 0 ? UInt8(argument) : 24 + UInt8(width.trailingZeroBitCount)
            append(major | code)
            for index in (0..<width).reversed() {
                append(UInt8(truncatingIfNeeded: argument >> UInt64(index * 8)))
            }
        }

        private mutating func append(_ byte: UInt8) {
            if byteCount < 8 {
                low |= UInt64(byte) << UInt64(byteCount * 8)
            } else {
                high |= UInt64(byte) << UInt64((byteCount - 8) * 8)
            }
            byteCount += 1
        }

        /// Lends the bytes of the head.
        package func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
            try withUnsafeBytes(of: (low, high)) { bytes in
                try body(UnsafeRawBufferPointer(rebasing: bytes[..<byteCount]))
            }
        }
    }

    /// Whether values of this type are one block, so that ``withBulk(_:_:)`` lends it.
    package static func isBulk<T>(_ type: T.Type) -> Bool {
        WireTypeKind.of(type).rawValue >= WireTypeKind.bytes.rawValue || WireTypeKind.of(type) == .byteString
    }

    /// Lends the two parts of a value's encoding if it is one block; else returns `nil`.
    package static func withBulk<T, R>(
        _ value: T,
        _ body: (_ head: BulkHead, _ payload: UnsafeRawBufferPointer) throws -> R
    ) rethrows -> R? {
        // The kind says which type `T` is, so each cast is to the same type.
        switch WireTypeKind.of(T.self) {
        case .byteString:
            guard let bytes = value as? any WireByteString else { return nil }
            return try bytes.withWireBytes { try body(BulkHead(tag: nil, payloadByteCount: $0.count), $0) }
        case .bytes: return try lend(unsafeBitCast(value, to: [UInt8].self), body)
        case .doubles: return try lend(unsafeBitCast(value, to: [Double].self), body)
        case .floats: return try lend(unsafeBitCast(value, to: [Float].self), body)
        case .float16s: return try lend(unsafeBitCast(value, to: [Float16].self), body)
        case .ints: return try lend(unsafeBitCast(value, to: [Int].self), body)
        case .int8s: return try lend(unsafeBitCast(value, to: [Int8].self), body)
        case .int16s: return try lend(unsafeBitCast(value, to: [Int16].self), body)
        case .int32s: return try lend(unsafeBitCast(value, to: [Int32].self), body)
        case .int64s: return try lend(unsafeBitCast(value, to: [Int64].self), body)
        case .uints: return try lend(unsafeBitCast(value, to: [UInt].self), body)
        case .uint16s: return try lend(unsafeBitCast(value, to: [UInt16].self), body)
        case .uint32s: return try lend(unsafeBitCast(value, to: [UInt32].self), body)
        case .uint64s: return try lend(unsafeBitCast(value, to: [UInt64].self), body)
        default: return nil
        }
    }

    private static func lend<Element: CBORNumber, R>(
        _ numbers: [Element],
        _ body: (BulkHead, UnsafeRawBufferPointer) throws -> R
    ) rethrows -> R {
        try numbers.withUnsafeBytes { bytes in
            let tag = Element.self == UInt8.self ? nil : Element.littleEndianTag
            return try body(BulkHead(tag: tag, payloadByteCount: bytes.count), bytes)
        }
    }

    /// The block of an encoded byte string or typed array, and the tag that names its elements (64, bytes, if none does);
    /// `nil` for any other value.
    package static func bulk(in bytes: UnsafeRawBufferPointer) -> (
        tag: UInt64, payload: UnsafeRawBufferPointer
    )? {
        var reader = ByteReader(bytes)
        guard var head = try? reader.readHead() else { return nil }
        var tag = UInt8.littleEndianTag
        if head.major == 6, (64...87).contains(head.argument) {
            tag = head.argument
            guard let inner = try? reader.readHead() else { return nil }
            head = inner
        }
        guard head.major == 2, !head.isIndefinite, let count = Int(exactly: head.argument),
            let payload = try? reader.readBytes(count),
            reader.isAtEnd
        else { return nil }
        return (tag, payload)
    }

    /// The tag of arrays of this type in our byte order; `nil` when they are no typed arrays.
    package static func arrayTag<T>(of element: T.Type) -> UInt64? {
        (element as? any CBORNumber.Type)?.littleEndianTag
    }
}
