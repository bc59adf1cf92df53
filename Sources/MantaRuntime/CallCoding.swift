public import Distributed
internal import MantaCore
internal import MantaTransport
internal import MantaWire

/// Records a call: its arguments are encoded as they come, behind space for the frame's head.
public struct CallEncoder: DistributedTargetInvocationEncoder {
    public typealias SerializationRequirement = Codable & Sendable

    let writer: ByteWriter
    private(set) var substitutions: [any Any.Type] = []
    private let userInfo: [CodingUserInfoKey: any Sendable]

    init(userInfo: [CodingUserInfoKey: any Sendable]) {
        writer = ByteWriter(capacity: 128)
        writer.appendZeros(FrameHead.callByteCount)
        self.userInfo = userInfo
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
        try CBOR.encode(argument.value, into: writer, userInfo: userInfo)
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

    /// Reads the generic substitutions, which start at `offset` and which the arguments follow.
    init(
        _ body: FrameBuffer,
        offset: Int,
        substitutionCount: Int,
        userInfo: [CodingUserInfoKey: any Sendable]
    ) throws(ClusterError) {
        self.body = body
        self.userInfo = userInfo
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
    private let userInfo: [CodingUserInfoKey: any Sendable]
    private(set) var error: (any Error)?

    init(writer: ByteWriter, userInfo: [CodingUserInfoKey: any Sendable]) {
        self.writer = writer
        self.userInfo = userInfo
    }

    public func onReturn<Success: Codable & Sendable>(value: Success) async throws {
        do { try CBOR.encode(value, into: writer, userInfo: userInfo) } catch {
            self.error = CallFailure.result(error)
        }
    }

    public func onReturnVoid() async throws {}

    public func onThrow<Err: Error>(error: Err) async throws { self.error = error }
}
