// Arrays of numbers are typed arrays (RFC 8746): a tag that names the element, then one byte string that
// holds the elements as they are in memory. The big-endian forms are only read:
//
//                  UInt8  UInt16 UInt32 UInt64  Int8  Int16 Int32 Int64  Float16 Float Double
//   little-endian   64     69     70     71      72    77    78    79      84     85    86
//   big-endian             65     66     67            73    74    75      80     81    82
//
// [UInt8] is written as the byte string alone; 64 and 68 (clamped) in front of it are accepted.

/// A number whose arrays are typed arrays.
protocol CBORNumber: CBORScalar, BitwiseCopyable {
    /// The tag of arrays in our byte order.
    static var littleEndianTag: UInt64 { get }
    /// Another tag that is read: arrays in network byte order, or for bytes the clamped ones.
    static var bigEndianTag: UInt64 { get }
    var byteSwapped: Self { get }
}

extension UInt8: CBORNumber {
    static var littleEndianTag: UInt64 { 64 }
    static var bigEndianTag: UInt64 { 68 }
}

extension UInt16: CBORNumber {
    static var littleEndianTag: UInt64 { 69 }
    static var bigEndianTag: UInt64 { 65 }
}

extension UInt32: CBORNumber {
    static var littleEndianTag: UInt64 { 70 }
    static var bigEndianTag: UInt64 { 66 }
}

extension UInt64: CBORNumber {
    static var littleEndianTag: UInt64 { 71 }
    static var bigEndianTag: UInt64 { 67 }
}

extension UInt: CBORNumber {
    static var littleEndianTag: UInt64 { 71 }
    static var bigEndianTag: UInt64 { 67 }
}

extension Int8: CBORNumber {
    static var littleEndianTag: UInt64 { 72 }
    static var bigEndianTag: UInt64 { 72 }
}

extension Int16: CBORNumber {
    static var littleEndianTag: UInt64 { 77 }
    static var bigEndianTag: UInt64 { 73 }
}

extension Int32: CBORNumber {
    static var littleEndianTag: UInt64 { 78 }
    static var bigEndianTag: UInt64 { 74 }
}

extension Int64: CBORNumber {
    static var littleEndianTag: UInt64 { 79 }
    static var bigEndianTag: UInt64 { 75 }
}

extension Int: CBORNumber {
    static var littleEndianTag: UInt64 { 79 }
    static var bigEndianTag: UInt64 { 75 }
}

extension Float16: CBORNumber {
    static var littleEndianTag: UInt64 { 84 }
    static var bigEndianTag: UInt64 { 80 }
    var byteSwapped: Float16 { Float16(bitPattern: bitPattern.byteSwapped) }
}

extension Float: CBORNumber {
    static var littleEndianTag: UInt64 { 85 }
    static var bigEndianTag: UInt64 { 81 }
    var byteSwapped: Float { Float(bitPattern: bitPattern.byteSwapped) }
}

extension Double: CBORNumber {
    static var littleEndianTag: UInt64 { 86 }
    static var bigEndianTag: UInt64 { 82 }
    var byteSwapped: Double { Double(bitPattern: bitPattern.byteSwapped) }
}

extension ByteStorage {
    /// Appends a typed array with one copy.
    mutating func append<Element: CBORNumber>(_ numbers: [Element]) {
        if Element.self != UInt8.self { appendHead(0xC0, Element.littleEndianTag) }
        numbers.withUnsafeBytes { appendString(0x40, $0) }
    }
}

extension ByteReader {
    /// Reads a typed array with one copy, or a plain array of numbers one by one.
    mutating func readNumbers<Element: CBORNumber>(_ type: Element.Type) throws(WireError) -> [Element] {
        let start = cursor
        var arrayTag: UInt64?
        var head = try readHead()
        while head.major == 6 {
            // Tags that say nothing about the element may stand around the one that does.
            if (64...87).contains(head.argument) { arrayTag = head.argument }
            head = try readHead()
        }
        switch (head.major, arrayTag) {
        case (2, Element.littleEndianTag), (2, Element.bigEndianTag):
            let swaps = arrayTag == Element.bigEndianTag && arrayTag != Element.littleEndianTag
            return try readElements(of: head, swapped: swaps, at: start)
        case (2, nil) where Element.self == UInt8.self:
            return try readElements(of: head, swapped: false, at: start)
        case (4, nil):
            return try readPlainArray(head)
        case (2, let tag?):
            throw WireError(
                .typeMismatch,
                "\([Element].self) asked for, a typed array with tag \(tag) found at offset \(start)"
            )
        default:
            throw mismatch([Element].self, found: head, at: start)
        }
    }

    private mutating func readElements<Element: CBORNumber>(
        of head: CBORHead,
        swapped: Bool,
        at start: Int
    ) throws(WireError) -> [Element] {
        if head.isIndefinite {
            let joined = try readBody(of: head)
            let result = joined.withUnsafeBytes { bytes in
                Result { () throws(WireError) in
                    try elements(in: bytes, swapped: swapped, at: start) as [Element]
                }
            }
            return try result.get()
        }
        return try elements(in: try readBytes(Int(head.argument)), swapped: swapped, at: start)
    }

    private func elements<Element: CBORNumber>(
        in bytes: UnsafeRawBufferPointer,
        swapped: Bool,
        at start: Int
    ) throws(WireError) -> [Element] {
        let count = bytes.count / MemoryLayout<Element>.stride
        guard count * MemoryLayout<Element>.stride == bytes.count else {
            throw malformed("\(bytes.count) bytes are no whole number of \(Element.self)", at: start)
        }
        // The bytes lie at any address; elements do not. Copying makes that no concern.
        guard count > 0 else { return [] }
        var result = [Element](unsafeUninitializedCapacity: count) { elements, initialized in
            FreshMemory.expect(UnsafeMutableRawBufferPointer(elements))
            if let source = bytes.baseAddress, let target = elements.baseAddress {
                UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: bytes.count)
            }
            initialized = count
        }
        if swapped {
            for index in result.indices { result[index] = result[index].byteSwapped }
        }
        return result
    }

    private mutating func readPlainArray<Element: CBORNumber>(_ head: CBORHead) throws(WireError) -> [Element]
    {
        var result: [Element] = []
        if head.isIndefinite {
            while try !takeBreak() { result.append(try Element.read(from: &self)) }
        } else {
            // Reading the head has checked that the input holds a byte for each.
            result.reserveCapacity(Int(head.argument))
            for _ in 0..<head.argument { result.append(try Element.read(from: &self)) }
        }
        return result
    }
}
