internal import FoundationEssentials
internal import Glibc

/// The end of a log.
enum LogTail {
    static func size(of path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    /// The last lines of what a file has from `offset` on.
    static func lines(of path: String, from offset: Int = 0, atMost count: Int) -> [String] {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else { return [] }
        let text = String(decoding: data.dropFirst(min(offset, data.count)), as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).suffix(count).map(String.init)
    }
}
