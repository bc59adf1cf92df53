// Writing of single items, always in the shortest form ("preferred serialization", RFC 8949 section 4.1).

extension ByteStorage {
    /// Appends the head of an item; the major type comes already in the upper three bits.
    @inlinable
    mutating func appendHead(_ major: UInt8, _ argument: UInt64) {
        reserve(9)
        if argument < 24 {
            put(major | UInt8(truncatingIfNeeded: argument), at: count)
            count &+= 1
        } else if argument <= 0xFF {
            put(major | 24, at: count)
            put(UInt8(truncatingIfNeeded: argument), at: count &+ 1)
            count &+= 2
        } else if argument <= 0xFFFF {
            put(major | 25, at: count)
            put(UInt16(truncatingIfNeeded: argument).byteSwapped, at: count &+ 1)
            count &+= 3
        } else if argument <= 0xFFFF_FFFF {
            put(major | 26, at: count)
            put(UInt32(truncatingIfNeeded: argument).byteSwapped, at: count &+ 1)
            count &+= 5
        } else {
            put(major | 27, at: count)
            put(argument.byteSwapped, at: count &+ 1)
            count &+= 9
        }
    }

    /// Appends an integer of at most 64 bits.
    @inlinable
    @inline(__always)
    mutating func appendInteger<T: FixedWidthInteger>(_ value: T) {
        if T.isSigned && value < 0 {
            appendHead(0x20, UInt64(truncatingIfNeeded: ~value))
        } else {
            appendHead(0x00, UInt64(truncatingIfNeeded: value))
        }
    }

    /// Appends a 128-bit integer: a plain one if 64 bits hold it, or a bignum (tags 2 and 3).
    mutating func appendWide(magnitude: UInt128, isNegative: Bool) {
        if magnitude <= UInt128(UInt64.max) {
            appendHead(isNegative ? 0x20 : 0x00, UInt64(truncatingIfNeeded: magnitude))
            return
        }
        appendHead(0xC0, isNegative ? 3 : 2)
        let byteCount = 16 - magnitude.leadingZeroBitCount / 8
        appendHead(0x40, UInt64(byteCount))
        for index in (0..<byteCount).reversed() {
            append(UInt8(truncatingIfNeeded: magnitude >> UInt128(index * 8)))
        }
    }

    @inlinable
    mutating func append(_ value: Bool) {
        append(value ? 0xF5 as UInt8 : 0xF4)
    }

    /// Appends the shortest float that holds the same value. Every NaN becomes the one quiet half-width NaN.
    @usableFromInline
    mutating func append(_ value: Double) {
        let single = Float(value)
        // NaN is unequal to itself; the narrower function takes it from here.
        if Double(single) == value || value.isNaN { return append(single) }
        reserve(9)
        put(0xFB as UInt8, at: count)
        put(value.bitPattern.byteSwapped, at: count &+ 1)
        count &+= 9
    }

    mutating func append(_ value: Float) {
        if let half = value.halfBits {
            reserve(3)
            put(0xF9 as UInt8, at: count)
            put(half.byteSwapped, at: count &+ 1)
            count &+= 3
        } else {
            reserve(5)
            put(0xFA as UInt8, at: count)
            put(value.bitPattern.byteSwapped, at: count &+ 1)
            count &+= 5
        }
    }

    @usableFromInline
    mutating func append(_ text: String) {
        // Native strings lend their bytes. Others, bridged from elsewhere, are copied once.
        let done: Void? = text.utf8.withContiguousStorageIfAvailable { utf8 in
            appendString(0x60, UnsafeRawBufferPointer(utf8))
        }
        if done == nil {
            Array(text.utf8).withUnsafeBytes { appendString(0x60, $0) }
        }
    }

    /// Appends a byte string (`0x40`) or a text string (`0x60`).
    @inline(__always)
    mutating func appendString(_ major: UInt8, _ bytes: UnsafeRawBufferPointer) {
        appendHead(major, UInt64(bytes.count))
        append(bytes)
    }
}

extension Float {
    /// The bits of the half-width float of the same value, if there is one.
    ///
    /// Works on the bits: conversion to `Float16` is a library call on processors without the instruction.
    fileprivate var halfBits: UInt16? {
        let bits = bitPattern
        let sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
        let exponent = Int(bits >> 23 & 0xFF) - 127
        let fraction = bits & 0x7F_FFFF
        switch exponent {
        case 128: return fraction == 0 ? sign | 0x7C00 : 0x7E00
        case -14...15:
            guard fraction & 0x1FFF == 0 else { return nil }
            return sign | UInt16(truncatingIfNeeded: exponent + 15) << 10
                | UInt16(truncatingIfNeeded: fraction >> 13)
        case -24 ..< -14:
            // Subnormal: the implied leading one moves into the fraction.
            let full = fraction | 0x80_0000
            let shift = UInt32(truncatingIfNeeded: -1 - exponent)
            guard full & ((1 << shift) - 1) == 0 else { return nil }
            return sign | UInt16(truncatingIfNeeded: full >> shift)
        default: return bits << 1 == 0 ? sign : nil
        }
    }
}

extension ByteStorage {
    /// Replaces the one-byte head at `offset`, moving what follows up.
    @inline(never)
    mutating func replaceHead(_ major: UInt8, _ argument: UInt64, at offset: Int) {
        let end = count
        appendHead(major, argument)
        let head = count - end
        count = end
        openGap(head - 1, at: offset)
        count = offset
        appendHead(major, argument)
        count = end + head - 1
    }
}
