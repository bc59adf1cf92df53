/// A log of a node.
package struct LogFileInfo: Hashable, Sendable, Codable {
    /// With the folder inside the folder of logs, if it is in one.
    package var name: String
    /// Of all its files.
    package var byteCount: Int
    /// When it was last written to, in seconds since 1 January 1970, UTC.
    package var modified: Double

    package init(name: String, byteCount: Int, modified: Double) {
        self.name = name
        self.byteCount = byteCount
        self.modified = modified
    }
}

/// A place in a log.
package struct LogPosition: Hashable, Sendable, Codable {
    /// What the file system calls the file.
    package var file: UInt64
    package var offset: Int

    package init(file: UInt64, offset: Int) {
        self.file = file
        self.offset = offset
    }
}

/// Some bytes of a log.
package struct LogPiece: Hashable, Sendable, Codable {
    package var bytes: [UInt8]
    /// Where the next piece begins.
    package var next: LogPosition
    /// There is no more, for now.
    package var isEnd: Bool

    package init(bytes: [UInt8], next: LogPosition, isEnd: Bool) {
        self.bytes = bytes
        self.next = next
        self.isEnd = isEnd
    }
}
