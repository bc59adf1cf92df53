import Foundation

/// A file of a test in a folder of its own, which is removed at its end; an actor that writes later writes nowhere.
final class ScratchFile {
    private let folder = "/tmp/manta-test-\(UUID().uuidString)"
    let path: String

    init() {
        path = "\(folder)/file"
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func create() { _ = FileManager.default.createFile(atPath: path, contents: nil) }
    func remove() throws { try FileManager.default.removeItem(atPath: path) }
    var lines: [String] {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }
}
