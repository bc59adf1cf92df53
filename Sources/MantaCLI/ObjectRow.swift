package import MantaCore

/// A copy of an object in a listing.
package struct ObjectRow: Encodable, Hashable, Sendable {
    package var id: String
    package var node: String
    package var owner: String
    /// `primary`, `secondary` or `spilled`.
    package var copy: String
    package var byteCount: Int
    package var storedByteCount: Int
    package var pins: Int
    package var ageSeconds: Double

    package init(_ object: ObjectInfo) {
        id = "\(object.id)"
        node = "\(object.node)"
        owner = "\(object.owner)"
        copy = object.copy.rawValue
        byteCount = object.byteCount
        storedByteCount = object.storedByteCount
        pins = object.pins
        ageSeconds = object.age.inSeconds
    }

    package static func table(_ rows: [ObjectRow]) -> TextTable {
        var table = TextTable([
            .init("OBJECT"), .init("SIZE", .right), .init("COPY"), .init("NODE"), .init("OWNER"),
            .init("PINS", .right), .init("AGE", .right),
        ])
        for row in rows {
            table.append([
                row.id, "\(ByteCount(row.byteCount))", row.copy, row.node, row.owner, "\(row.pins)",
                Duration.seconds(row.ageSeconds).text,
            ])
        }
        return table
    }
}
