internal import Distributed

/// The parameter and result types of a distributed method, looked up by its mangled name.
///
/// The three functions of Swift's runtime behind this are those that the public `executeDistributedTarget`
/// uses.
struct TargetTypes {
    let parameters: [any Any.Type]
    let result: any Any.Type
    /// Where the method or its actor is generic: the witness tables that its generic parameters need.
    let witnessTables: UnsafeRawPointer?
    let witnessTableCount: Int
    let isGeneric: Bool

    /// `nil` when this program has no such method, or its types cannot be found.
    init?(_ name: String, substitutions: [any Any.Type]) {
        let utf8 = Array(name.utf8)
        let found: (([any Any.Type], any Any.Type), UnsafeRawPointer?, Int, Bool)? =
            utf8.withUnsafeBufferPointer { utf8 in
                guard let start = utf8.baseAddress else { return nil }
                let length = UInt(utf8.count)
                let environment = _getGenericEnvironmentOfDistributedTarget(start, length)
                if environment != nil, substitutions.isEmpty { return nil }
                return substitutions.withUnsafeBufferPointer { substitutions in
                    let arguments =
                        environment == nil ? nil : substitutions.baseAddress.map { UnsafeRawPointer($0) }
                    guard let types = Self.types(start, length, environment, arguments) else { return nil }
                    guard let environment, let arguments else { return (types, nil, 0, false) }
                    let tables = _getWitnessTablesFor(environment: environment, genericArguments: arguments)
                    return tables.1 < 0 ? nil : (types, tables.0, tables.1, true)
                }
            }
        guard let found else { return nil }
        ((parameters, result), witnessTables, witnessTableCount, isGeneric) = found
    }

    private static func types(
        _ name: UnsafePointer<UInt8>,
        _ length: UInt,
        _ environment: UnsafeRawPointer?,
        _ arguments: UnsafeRawPointer?
    ) -> ([any Any.Type], any Any.Type)? {
        let count = Int(__getParameterCount(name, length))
        guard count >= 0, let result = __getReturnTypeInfo(name, length, environment, arguments) else {
            return nil
        }
        let types = UnsafeMutablePointer<any Any.Type>.allocate(capacity: max(1, count))
        defer { types.deallocate() }
        guard Int(parameterTypes(name, length, environment, arguments, types, count)) == count else {
            return nil
        }
        return (Array(UnsafeBufferPointer(start: types, count: count)), result)
    }
}

@_silgen_name("swift_func_getParameterTypeInfo")
private func parameterTypes(
    _ name: UnsafePointer<UInt8>,
    _ length: UInt,
    _ environment: UnsafeRawPointer?,
    _ arguments: UnsafeRawPointer?,
    _ types: UnsafeMutableRawPointer,
    _ capacity: Int
) -> Int32
