internal import Distributed
import MantaCore
import MantaWire

/// A reference as it is encoded: an array of creator, serial, owner, sender and token.
///
/// The token tells the sender when the reference has arrived, so that it holds the object until then; 0 inside an object,
/// which holds what it refers to itself, for the objects of large arguments, which the caller holds, and for what is gone.
struct ObjectReference {
    var id: ObjectID
    var owner: ProcessID
    var sender: ProcessID
    var token: UInt64
    private var attachment: (any AnyObject & Sendable)?

    /// Readies a reference of this process to be sent, or to be kept by an object.
    init?(_ handle: ObjectHandle, in client: ObjectClient, isInObject: Bool) {
        guard handle.client === client else { return nil }
        id = handle.id
        owner = handle.owner
        sender = client.process
        if isInObject {
            token = 0
            attachment = handle
        } else if !handle.isCounted {
            // There is nothing to hold. Whoever gets it cannot count it either, and is told what has become of it.
            token = 0
        } else {
            let passage = ObjectPassage(handle)
            token = passage.token
            attachment = passage
        }
    }

    /// A reference that the sender of a call holds until its reply.
    init(heldByCall handle: ObjectHandle) {
        id = handle.id
        owner = handle.owner
        sender = handle.client.process
        token = 0
    }

    /// - Returns: `false` for an encoder that cannot keep what has to live as long as the bytes.
    func write(to encoder: any Encoder) throws -> Bool {
        if let attachment { guard CBOR.attach(attachment, to: encoder) else { return false } }
        var container = encoder.unkeyedContainer()
        try container.encode(id.creator.rawValue)
        try container.encode(id.serial)
        try container.encode(owner.rawValue)
        try container.encode(sender.rawValue)
        try container.encode(token)
        return true
    }

    init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        let creator = ProcessID(try container.decode(UInt64.self))
        id = ObjectID(creator: creator, serial: try container.decode(UInt64.self))
        owner = ProcessID(try container.decode(UInt64.self))
        sender = ProcessID(try container.decode(UInt64.self))
        token = try container.decode(UInt64.self)
    }
}

extension ObjectReference: Codable {
    func encode(to encoder: any Encoder) throws { _ = try write(to: encoder) }
}
