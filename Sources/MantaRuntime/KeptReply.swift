/// The body of a reply that may be sent again.
package struct KeptReply: Sendable {
    package var bytes: [UInt8]
    /// What has to live for as long as it may be: the objects that it refers to.
    package var attachments: [any AnyObject & Sendable]

    /// What it keeps in memory, here and in the store.
    package var byteCount: Int {
        attachments.reduce(bytes.count) { $0 + (($1 as? ObjectPassage)?.heldByteCount ?? 0) }
    }

    package init(_ bytes: [UInt8], attachments: [any AnyObject & Sendable] = []) {
        self.bytes = bytes
        self.attachments = attachments
    }
}
