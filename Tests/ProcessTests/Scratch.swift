import Foundation

/// A file of a test, removed at its end.
final class ScratchFile {
    let path = "/tmp/manta-test-\(UUID().uuidString)"

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func create() { _ = FileManager.default.createFile(atPath: path, contents: nil) }
    func remove() throws { try FileManager.default.removeItem(atPath: path) }
    var lines: [String] {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }
}
