import MantaCore
import MantaObjectStore
import MantaTransport
import MantaWire

// Arguments and results that are too large for a frame to carry them well lie in objects, which no user sees. Where the
// call stands, a tag and a reference stand in their place.

extension ObjectClient {
    /// What takes more bytes goes through the store: 64 KiB, and what their encoding adds. Measured: see Performance.md.
    static let inlineLimit = 64 * 1024 + 256

    /// What became of a value that was to be encoded into a frame.
    enum Promotion {
        case inline
        case promoted
        /// It is inline though it is large, because the store did not take it.
        case refused(ClusterError)
    }

    /// Appends an argument, or in its place a reference to an object that holds it. The call holds the object, until its
    /// reply says that it has been read.
    func encodeArgument<Value: Encodable>(
        _ value: Value,
        into writer: ByteWriter,
        userInfo: [CodingUserInfoKey: any Sendable]
    ) throws -> Promotion {
        let (object, promotion) = try encode(value, into: writer, userInfo: userInfo)
        guard let (id, byteCount) = object else { return promotion }
        let handle = own(id, byteCount: byteCount, at: keeper.place)
        writer.attachments.append(handle)
        return try append(ObjectReference(heldByCall: handle), to: writer, userInfo)
    }

    /// Appends a result, or in its place a reference to an object that holds it. The object is held until the caller has
    /// counted its reference.
    func encodeResult<Value: Encodable>(
        _ value: Value,
        into writer: ByteWriter,
        userInfo: [CodingUserInfoKey: any Sendable]
    ) throws {
        let (object, promotion) = try encode(value, into: writer, userInfo: userInfo)
        if case .refused(let error) = promotion { writer.attachments.append(PromotionRefusal(error)) }
        guard let (id, byteCount) = object else { return }
        let handle = own(id, byteCount: byteCount, at: keeper.place)
        guard let reference = ObjectReference(handle, in: self, isInObject: false) else { return }
        _ = try append(reference, to: writer, userInfo)
    }

    private func append(
        _ reference: ObjectReference,
        to writer: ByteWriter,
        _ userInfo: [CodingUserInfoKey: any Sendable]
    ) throws -> Promotion {
        CBOR.appendObjectTag(to: writer)
        try CBOR.encode(reference, into: writer, userInfo: userInfo)
        return .promoted
    }

    /// Writes a large value into the store, and any other at the end of `writer`.
    private func encode<Value: Encodable>(
        _ value: Value,
        into writer: ByteWriter,
        userInfo: [CodingUserInfoKey: any Sendable]
    ) throws -> (object: (ObjectID, byteCount: Int)?, Promotion) {
        let start = writer.count
        let bulkByteCount = CBOR.withBulk(value) { $0.byteCount + $1.count } ?? 0
        if bulkByteCount > Self.inlineLimit, mayPromote {
            let (id, refusal) = placed(bulkByteCount) { id in
                try CBOR.withBulk(value) { try place($0, $1, as: id, owner: process) } ?? false
            }
            guard let refusal else { return ((id, bulkByteCount), .promoted) }
            try CBOR.encode(value, into: writer, userInfo: userInfo)
            return (nil, .refused(refusal))
        }
        try CBOR.encode(value, into: writer, userInfo: userInfo)
        let byteCount = writer.count - start
        guard byteCount > Self.inlineLimit, mayPromote else { return (nil, .inline) }
        let (id, refusal) = placed(byteCount) { try place(writer, from: start, as: $0, owner: process) }
        if let refusal { return (nil, .refused(refusal)) }
        writer.truncate(to: start)
        return ((id, byteCount), .promoted)
    }

    /// What the control plane says to itself stays in its frames; and nobody would say when the object of a one-way call
    /// has been read.
    private var mayPromote: Bool {
        guard let system else { return false }
        return !system.control.isCurrent && CallContext.current?.reply != .ignored
    }

    private func placed(
        _ byteCount: Int,
        _ place: (ObjectID) throws -> Bool
    ) -> (ObjectID, refusal: ClusterError?) {
        let id = newID()
        var message = "the object store of \(keeper.place.node) has no room for a large argument now"
        do {
            if try place(id) { return (id, nil) }
            keeper.nudge(byteCount)
        } catch let error as ClusterError {
            return (id, error)
        } catch {
            message = "a large argument cannot be stored: \(error)"
        }
        let hint = "drop references, or give the store more capacity"
        return (id, ClusterError(.storeFull, message, hint: hint))
    }

    /// Stays with an encoded result that the store did not take: a frame may not take it either.
    final class PromotionRefusal: Sendable {
        let error: ClusterError

        init(_ error: ClusterError) { self.error = error }
    }

    // MARK: The other side

    /// Holds the objects that stand for arguments of a call, in their order.
    ///
    /// - Throws: ``ClusterError``, as for reading any object.
    func pin(_ references: [ObjectReference], by deadline: Moment) async throws -> [ObjectPin] {
        var pins: [ObjectPin] = []
        for reference in references {
            pins.append(
                try await pin(reference.id, owner: reference.owner, by: deadline, for: .argument)
            )
        }
        return pins
    }

    /// Those among the arguments of a call that are references to objects in their place.
    static func arguments(in bytes: UnsafeRawBufferPointer) throws -> [ObjectReference] {
        var reader = ByteReader(bytes)
        var references: [ObjectReference] = []
        while !reader.isAtEnd {
            if CBOR.isObject(reader) {
                references.append(try readReference(&reader))
            } else {
                try CBOR.skip(&reader)
            }
        }
        return references
    }

    static func readReference(_ reader: inout ByteReader) throws -> ObjectReference {
        try CBOR.decode(ObjectReference.self, from: &reader)
    }

    /// Reads the reference to a result that lies in an object.
    func readResult(_ reader: inout ByteReader) throws(ClusterError) -> ObjectHandle {
        do {
            return receive(try Self.readReference(&reader), container: nil)
        } catch {
            throw ClusterError(.undecodable, "the reference to it is damaged: \(error)")
        }
    }

    /// Reads a result that lies in an object.
    func decodeResult<Value: Codable & Sendable>(
        _ type: Value.Type,
        _ handle: ObjectHandle,
        by deadline: Moment
    ) async throws -> Value {
        try handle.checkReadable()
        let pin = try await pin(handle.id, owner: handle.owner, by: deadline)
        return try withExtendedLifetime(handle) { try decode(type, pin, isHeld: false) }
    }
}
