/// How values of a type are stored, decided once per type.
///
/// Without this, every `encode<T>` would compare `T` with two dozen metatypes and then ask the runtime
/// whether `T` is a ``WireByteString``, which costs 40 ns when the answer is no.
enum WireTypeKind: UInt8 {
    /// Through the type's own `encode(to:)` and `init(from:)`.
    case codable = 1
    /// The same, but read without a container.
    case textMap
    case byteString
    case bool, string, double, float, float16
    case int, int8, int16, int32, int64, int128
    case uint, uint8, uint16, uint32, uint64, uint128
    case bytes
    case doubles, floats, float16s
    case ints, int8s, int16s, int32s, int64s
    case uints, uint16s, uint32s, uint64s

    /// - Complexity: O(1), one load in the usual case.
    @inline(__always)
    static func of<T>(_ type: T.Type) -> WireTypeKind {
        let address = UInt(bitPattern: ObjectIdentifier(type))
        return table.kind(at: address) ?? remember(type, at: address)
    }

    @inline(never)
    private static func remember<T>(_ type: T.Type, at address: UInt) -> WireTypeKind {
        let kind = classify(type)
        // A lost race or a collision costs another classification, with the same result.
        table.store(kind, at: address)
        return kind
    }

    private static func classify<T>(_ type: T.Type) -> WireTypeKind {
        if let kind = known[ObjectIdentifier(type)] { return kind }
        if type is any WireByteString.Type { return .byteString }
        return type is any CBORTextMap.Type ? .textMap : .codable
    }

    private static let table = WireTypeTable()

    private static let known: [ObjectIdentifier: WireTypeKind] = [
        ObjectIdentifier(Bool.self): .bool, ObjectIdentifier(String.self): .string,
        ObjectIdentifier(Double.self): .double, ObjectIdentifier(Float.self): .float,
        ObjectIdentifier(Float16.self): .float16,
        ObjectIdentifier(Int.self): .int, ObjectIdentifier(Int8.self): .int8,
        ObjectIdentifier(Int16.self): .int16, ObjectIdentifier(Int32.self): .int32,
        ObjectIdentifier(Int64.self): .int64, ObjectIdentifier(Int128.self): .int128,
        ObjectIdentifier(UInt.self): .uint, ObjectIdentifier(UInt8.self): .uint8,
        ObjectIdentifier(UInt16.self): .uint16, ObjectIdentifier(UInt32.self): .uint32,
        ObjectIdentifier(UInt64.self): .uint64, ObjectIdentifier(UInt128.self): .uint128,
        ObjectIdentifier([UInt8].self): .bytes,
        ObjectIdentifier([Double].self): .doubles, ObjectIdentifier([Float].self): .floats,
        ObjectIdentifier([Float16].self): .float16s,
        ObjectIdentifier([Int].self): .ints, ObjectIdentifier([Int8].self): .int8s,
        ObjectIdentifier([Int16].self): .int16s, ObjectIdentifier([Int32].self): .int32s,
        ObjectIdentifier([Int64].self): .int64s,
        ObjectIdentifier([UInt].self): .uints, ObjectIdentifier([UInt16].self): .uint16s,
        ObjectIdentifier([UInt32].self): .uint32s, ObjectIdentifier([UInt64].self): .uint64s,
    ]
}
