import MantaCore
internal import MantaWire

/// An error on its way to another process.
///
/// A `Codable` error travels with its type's name and arrives as itself; of any other its name and
/// description arrive. Raylets and the GCS, which do not have the user's types, pass it on unread.
package struct RemoteFailure: Error, Codable, Sendable {
    /// As the runtime looks the type up; `nil` when the error is not `Codable` or its type is private.
    private var mangledTypeName: String?
    private var payload: [UInt8]?
    /// What the payload needs on its way; only where it was made.
    private var attachments: [any AnyObject & Sendable] = []
    package private(set) var typeName: String
    package private(set) var text: String
    private var isCancellation: Bool

    package init(_ error: any Error, system: ClusterSystem) {
        if let failure = error as? RemoteFailure {
            self = failure
            return
        }
        typeName = String(reflecting: type(of: error))
        text = String(describing: error)
        isCancellation = error is CancellationError
        guard let codable = error as? any (Error & Codable),
            let name = TypeCatalog.name(of: type(of: codable))
        else { return }
        let writer = ByteWriter()
        guard (try? CBOR.encode(codable, into: writer, userInfo: system.codingUserInfo)) != nil else {
            return
        }
        mangledTypeName = name
        payload = Array(writer.bytes)
        attachments = writer.attachments
    }

    private enum CodingKeys: CodingKey { case mangledTypeName, payload, typeName, text, isCancellation }

    package func encode(to encoder: any Encoder) throws {
        for object in attachments { _ = CBOR.attach(object, to: encoder) }
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(mangledTypeName, forKey: .mangledTypeName)
        try container.encodeIfPresent(payload, forKey: .payload)
        try container.encode(typeName, forKey: .typeName)
        try container.encode(text, forKey: .text)
        try container.encode(isCancellation, forKey: .isCancellation)
    }

    /// The error as the caller sees it.
    package func error(in system: ClusterSystem) -> any Error {
        if isCancellation { return CancellationError() }
        if let mangledTypeName, let payload,
            let type = TypeCatalog.type(named: mangledTypeName) as? any (Error & Codable).Type,
            let error = try? CBOR.decode(type, from: payload, userInfo: system.codingUserInfo)
        {
            return error
        }
        return ClusterError(
            .remote,
            "\(typeName): \(text)",
            hint: "make \(typeName) an internal or public type that is Codable, and it arrives as itself",
            outcome: .executed
        )
    }
}
