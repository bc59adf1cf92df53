internal import Distributed
public import MantaCore
internal import MantaWire

/// A reference to an object: an immutable value in the memory that the processes of a node share.
///
/// ``ClusterSystem/put(_:owner:)`` makes one. It may be an argument or a result of a call, a field of either, or sit in a
/// collection inside one, and its holder in another process reads the same bytes, on the same node without a copy. The
/// object lives as long as any process has a reference to it, and its owner: the process that made it, or its node.
///
/// References to one object are equal in every process. They are only encoded for calls, `spawn` and other objects, never
/// for files: the cluster could not know of them.
public struct ObjectRef<Value: Codable & Sendable>: Sendable, Identifiable {
    let handle: ObjectHandle

    /// Equal for references to one object.
    public var id: ObjectID { handle.id }

    init(_ handle: ObjectHandle) { self.handle = handle }
}

extension ObjectRef: Hashable {
    public static func == (left: ObjectRef, right: ObjectRef) -> Bool { left.id == right.id }
    public func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

extension ObjectRef: CustomStringConvertible {
    public var description: String { "\(id) of \(handle.owner)" }
}

extension ObjectRef: Codable {
    public func encode(to encoder: any Encoder) throws {
        let isInObject = encoder.userInfo[.objectContainer] != nil
        guard let system = encoder.userInfo[.actorSystemKey] as? ClusterSystem, let client = system.objects,
            let reference = ObjectReference(handle, in: client, isInObject: isInObject),
            try reference.write(to: encoder)
        else {
            let context = EncodingError.Context(
                codingPath: encoder.codingPath,
                debugDescription:
                    "a reference to an object is only encoded for calls and objects of its cluster"
            )
            throw EncodingError.invalidValue(self, context)
        }
    }

    public init(from decoder: any Decoder) throws {
        let reference = try ObjectReference(from: decoder)
        guard let system = decoder.userInfo[.actorSystemKey] as? ClusterSystem, let client = system.objects
        else {
            let context = DecodingError.Context(
                codingPath: decoder.codingPath,
                debugDescription: "a reference to an object is only decoded by a process of its cluster"
            )
            throw DecodingError.dataCorrupted(context)
        }
        handle = client.receive(reference, container: decoder.userInfo[.objectContainer] as? ObjectID)
    }
}

/// In the place of a type that is not known where a reference is only passed on.
package struct UntypedValue: Codable, Sendable {}

package typealias UntypedRef = ObjectRef<UntypedValue>

extension ObjectRef {
    package func typed<Other>(as type: Other.Type) -> ObjectRef<Other> { ObjectRef<Other>(handle) }
    package var owner: ProcessID { handle.owner }
}
