/// A Swift type that is one CBOR item without parts.
protocol CBORScalar {
    /// Throws `typeMismatch` or `outOfRange` for well-formed items that the type cannot hold.
    static func read(from reader: inout ByteReader) throws(WireError) -> Self
    func append(to storage: inout ByteStorage)
}

extension FixedWidthInteger {
    @inline(__always)
    static func read(from reader: inout ByteReader) throws(WireError) -> Self {
        if let next = reader.peek, next < 24 {
            reader.cursor &+= 1
            return Self(truncatingIfNeeded: next)
        }
        return try reader.readLongInteger()
    }

    @inline(__always)
    func append(to storage: inout ByteStorage) {
        storage.appendInteger(self)
    }
}

extension Int: CBORScalar {}
extension Int8: CBORScalar {}
extension Int16: CBORScalar {}
extension Int32: CBORScalar {}
extension Int64: CBORScalar {}
extension UInt: CBORScalar {}
extension UInt8: CBORScalar {}
extension UInt16: CBORScalar {}
extension UInt32: CBORScalar {}
extension UInt64: CBORScalar {}

extension Int128: CBORScalar {
    func append(to storage: inout ByteStorage) {
        storage.appendWide(
            magnitude: UInt128(truncatingIfNeeded: self < 0 ? ~self : self),
            isNegative: self < 0
        )
    }
}

extension UInt128: CBORScalar {
    func append(to storage: inout ByteStorage) {
        storage.appendWide(magnitude: self, isNegative: false)
    }
}

extension Bool: CBORScalar {
    @inline(__always)
    static func read(from reader: inout ByteReader) throws(WireError) -> Bool {
        if let next = reader.peek, next & 0xFE == 0xF4 {
            reader.cursor &+= 1
            return next == 0xF5
        }
        return try readTagged(from: &reader)
    }

    private static func readTagged(from reader: inout ByteReader) throws(WireError) -> Bool {
        let start = reader.cursor
        let head = try reader.readUntaggedHead()
        guard head.major == 7, head.info == 20 || head.info == 21 else {
            throw reader.mismatch(Bool.self, found: head, at: start)
        }
        return head.info == 21
    }

    func append(to storage: inout ByteStorage) { storage.append(self) }
}

extension Double: CBORScalar {
    static func read(from reader: inout ByteReader) throws(WireError) -> Double {
        try reader.readFloat(Double.self)
    }

    func append(to storage: inout ByteStorage) { storage.append(self) }
}

extension Float: CBORScalar {
    static func read(from reader: inout ByteReader) throws(WireError) -> Float {
        try reader.readFloat(Float.self)
    }

    func append(to storage: inout ByteStorage) { storage.append(self) }
}

extension Float16: CBORScalar {
    static func read(from reader: inout ByteReader) throws(WireError) -> Float16 {
        try reader.readFloat(Float16.self)
    }

    func append(to storage: inout ByteStorage) { storage.append(Float(self)) }
}

extension String: CBORScalar {
    static func read(from reader: inout ByteReader) throws(WireError) -> String {
        try reader.readText()
    }

    func append(to storage: inout ByteStorage) { storage.append(self) }
}
