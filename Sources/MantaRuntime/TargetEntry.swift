internal import Distributed
internal import MantaWire

/// A distributed method with all types that a call of it needs, ready to run without looking anything up.
///
/// `executeDistributedTarget` demangles every parameter type on each call, which takes 1 to 3 µs. This calls
/// the same entry point of the runtime with the types it found once. The entry point is not public API: see
/// `DispatchMode`.
///
/// Unchecked: the buffers are filled by `init`, never changed, and live as long as the entry.
final class TargetEntry: @unchecked Sendable {
    private let parameters: UnsafeMutablePointer<any Any.Type>
    private let substitutions: UnsafeMutablePointer<any Any.Type>?
    private let types: TargetTypes
    private let result: ResultType

    init?(_ identifier: String, substitutions: [any Any.Type]) {
        guard let types = TargetTypes(identifier, substitutions: substitutions),
            let result = ResultType(types.result)
        else { return nil }
        self.types = types
        self.result = result
        parameters = .allocate(capacity: max(1, types.parameters.count))
        parameters.initialize(from: types.parameters, count: types.parameters.count)
        if types.isGeneric {
            let copy = UnsafeMutablePointer<any Any.Type>.allocate(capacity: substitutions.count)
            copy.initialize(from: substitutions, count: substitutions.count)
            self.substitutions = copy
        } else {
            self.substitutions = nil
        }
    }

    deinit {
        parameters.deallocate()
        substitutions?.deallocate()
        types.witnessTables.map { UnsafeMutableRawPointer(mutating: $0).deallocate() }
    }

    /// Runs the method and appends its encoded result to `writer`.
    ///
    /// - Throws: ``CallFailure`` when the result cannot be encoded, and what the method throws.
    @inline(__always)
    nonisolated(nonsending) func run(
        on actor: any DistributedActor,
        _ utf8: UnsafeBufferPointer<UInt8>,
        _ decoder: inout CallDecoder,
        into writer: ByteWriter,
        system: ClusterSystem
    ) async throws {
        nonisolated(unsafe) let name = utf8.baseAddress.unsafelyUnwrapped  // never changes, never freed
        let block = ByteBlock(capacity: result.size + result.alignment)
        let buffer = block.base.alignedUp(toMultipleOf: result.alignment)
        defer { withExtendedLifetime(block) {} }
        try await executeTarget(
            on: actor,
            name,
            UInt(utf8.count),
            argumentDecoder: &decoder,
            argumentTypes: parameters,
            resultBuffer: buffer,
            substitutions: substitutions.map { UnsafeRawPointer($0) },
            witnessTables: types.witnessTables,
            numWitnessTables: UInt(types.witnessTableCount)
        )
        try result.encode(buffer, writer, system)
    }
}

/// How the result of a method is taken out of raw memory and encoded.
private struct ResultType: Sendable {
    let size: Int
    let alignment: Int
    /// Moves the result out of the memory.
    let encode: @Sendable (UnsafeMutableRawPointer, ByteWriter, ClusterSystem) throws -> Void

    init?(_ type: any Any.Type) {
        if type == Void.self {
            (size, alignment, encode) = (1, 1, { _, _, _ in })
        } else if let type = type as? any (Encodable & SendableMetatype).Type {
            self = Self.of(type)
        } else {
            return nil
        }
    }

    private static func of<T: Encodable & SendableMetatype>(_ type: T.Type) -> ResultType {
        ResultType(size: max(1, MemoryLayout<T>.size), alignment: MemoryLayout<T>.alignment) {
            memory,
            writer,
            system in
            let value = memory.assumingMemoryBound(to: T.self).move()
            do { try system.encodeResult(value, into: writer) } catch {
                throw CallFailure.result(error)
            }
        }
    }

    private init(
        size: Int,
        alignment: Int,
        encode:
            @escaping @Sendable (UnsafeMutableRawPointer, ByteWriter, ClusterSystem) throws -> Void
    ) {
        self.size = size
        self.alignment = alignment
        self.encode = encode
    }
}

/// What went wrong around a method, as opposed to in it.
enum CallFailure: Error {
    /// An argument could not be decoded.
    case argument(any Error)
    /// The method ran, and its result could not be encoded.
    case result(any Error)
}

/// The entry point behind `executeDistributedTarget`, in Swift 6.3.
@_silgen_name("swift_distributed_execute_target")
@concurrent
private func executeTarget<Decoder: DistributedTargetInvocationDecoder>(
    on actor: AnyObject,
    _ name: UnsafePointer<UInt8>,
    _ nameLength: UInt,
    argumentDecoder: inout Decoder,
    argumentTypes: UnsafeRawPointer,
    resultBuffer: UnsafeRawPointer,
    substitutions: UnsafeRawPointer?,
    witnessTables: UnsafeRawPointer?,
    numWitnessTables: UInt
) async throws
