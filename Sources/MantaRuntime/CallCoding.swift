public import Distributed
internal import MantaCore
internal import MantaObjectStore
internal import MantaTransport
internal import MantaWire

/// Records a call: its arguments are encoded as they come, behind space for the frame's head.
public struct CallEncoder: DistributedTargetInvocationEncoder {
    public typealias SerializationRequirement = Codable & Sendable

    let writer: ByteWriter
    private(set) var substitutions: [any Any.Type] = []
    /// Whether some arguments lie in objects.
    private(set) var hasObjects = false
    /// Why a large argument does not.
    private(set) var refusal: ClusterError?
    private let userInfo: [CodingUserInfoKey: any Sendable]
    private let objects: ObjectClient?

    init(_ system: ClusterSystem) {
        writer = ByteWriter(capacity: 128)
        writer.appendZeros(FrameHead.callByteCount)
        userInfo = system.codingUserInfo
        objects = system.objects
    }

    public mutating func recordGenericSubstitution<T>(_ type: T.Type) throws {
        guard let name = TypeCatalog.name(of: type) else {
            throw ClusterError(
                .invalidArgument,
                "\(type) is private or local, so that no other process can look it up",
                hint: "make it internal or public, at the top level of a file or nested in a type that is",
                outcome: .notExecuted
            )
        }
        substitutions.append(type)
        try CBOR.encode(name, into: writer)
    }

    public mutating func recordArgument<Value: Codable & Sendable>(_ argument: RemoteCallArgument<Value>)
        throws
    {
        guard let objects else { return try CBOR.encode(argument.value, into: writer, userInfo: userInfo) }
        switch try objects.encodeArgument(argument.value, into: writer, userInfo: userInfo) {
        case .inline: break
        case .promoted: hasObjects = true
        case .refused(let error): refusal = error
        }
    }

    // The callee finds both in its own copy of the method.
    public mutating func recordErrorType<E: Error>(_ type: E.Type) throws {}
    public mutating func recordReturnType<R: Codable & Sendable>(_ type: R.Type) throws {}
    public mutating func doneRecording() throws {}
}

/// Reads the arguments of a call.
///
/// Unchecked: the task of one call owns it, and the memory that it reads never changes.
public struct CallDecoder: DistributedTargetInvocationDecoder, @unchecked Sendable {
    public typealias SerializationRequirement = Codable & Sendable

    /// Keeps the memory that `reader` reads.
    private let body: FrameBuffer
    private var reader: ByteReader
    private let userInfo: [CodingUserInfoKey: any Sendable]
    private(set) var substitutions: [any Any.Type] = []
    /// The objects in which arguments lie, in their order.
    private var objects: ArraySlice<ObjectPin> = []
    private let objectClient: ObjectClient?

    /// Reads the generic substitutions, which start at `offset` and which the arguments follow.
    init(
        _ body: FrameBuffer,
        offset: Int,
        substitutionCount: Int,
        objects: [ObjectPin] = [],
        system: ClusterSystem
    ) throws(ClusterError) {
        self.body = body
        userInfo = system.codingUserInfo
        self.objects = objects[...]
        objectClient = objects.isEmpty ? nil : system.objects
        reader = ByteReader(UnsafeRawBufferPointer(rebasing: body.bytes[offset...]))
        for _ in 0..<substitutionCount {
            let name: String
            do { name = try CBOR.decode(String.self, from: &reader) } catch {
                throw ClusterError(
                    .undecodable,
                    "a generic substitution cannot be read: \(error)",
                    outcome: .notExecuted
                )
            }
            guard let type = TypeCatalog.type(named: name) else {
                throw ClusterError(
                    .undecodable,
                    "this program has no type \(name), which the caller has for a generic parameter",
                    outcome: .notExecuted
                )
            }
            substitutions.append(type)
        }
    }

    /// For a stub's method: the actor that is really there in place of the stub.
    mutating func substitute(_ types: [any Any.Type]) { substitutions = types }

    public mutating func decodeGenericSubstitutions() throws -> [any Any.Type] { substitutions }

    public mutating func decodeNextArgument<Argument: Codable & Sendable>() throws -> Argument {
        do {
            if CBOR.isObject(reader), let objectClient, let pin = objects.popFirst() {
                try CBOR.skip(&reader)
                return try objectClient.decode(Argument.self, pin, isHeld: false)
            }
            return try CBOR.decode(Argument.self, from: &reader, userInfo: userInfo)
        } catch {
            throw CallFailure.argument(error)
        }
    }

    public mutating func decodeErrorType() throws -> (any Any.Type)? { nil }
    public mutating func decodeReturnType() throws -> (any Any.Type)? { nil }
}

/// Takes the result of a method that the public `executeDistributedTarget` ran.
///
/// Throws nothing itself: the runtime would hand that back as if the method had thrown it.
///
/// Unchecked: one call owns it, and its methods are called one after another by the task of that call.
public final class CallResult: DistributedTargetInvocationResultHandler, @unchecked Sendable {
    public typealias SerializationRequirement = Codable & Sendable

    private let writer: ByteWriter
    private let system: ClusterSystem
    private(set) var error: (any Error)?

    init(writer: ByteWriter, system: ClusterSystem) {
        self.writer = writer
        self.system = system
    }

    public func onReturn<Success: Codable & Sendable>(value: Success) async throws {
        do { try system.encodeResult(value, into: writer) } catch {
            self.error = CallFailure.result(error)
        }
    }

    public func onReturnVoid() async throws {}

    public func onThrow<Err: Error>(error: Err) async throws { self.error = error }
}
