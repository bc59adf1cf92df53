import Manta

/// The text of one large file or of several small ones: an object in the store, and where in it each file is.
///
/// A shard is sent this, not the text, and reads it in the shared memory of its node; all shards read the same copy.
struct TextBatch: Codable, Sendable {
    /// A batch that has reached this gets no more files: so much is worth the call, and the object.
    static let byteLimit = 64 << 10

    /// One file after the other, each of them valid UTF-8.
    var text: ObjectRef<[UInt8]>
    /// The numbers that the driver has given to the files.
    private var files: [Int]
    /// Where the text of each ends.
    private var ends: [Int]

    init(text: ObjectRef<[UInt8]>, files: [Int], ends: [Int]) {
        self.text = text
        self.files = files
        self.ends = ends
    }

    var byteCount: Int { ends.last ?? 0 }
    var fileCount: Int { files.count }

    /// The number of each file, and which bytes it is.
    var parts: [(file: Int, bytes: Range<Int>)] {
        files.indices.map { (files[$0], ($0 == 0 ? 0 : ends[$0 - 1])..<ends[$0]) }
    }
}
