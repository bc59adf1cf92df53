import Foundation
import MantaCore
import MantaGCS
import MantaRaylet
import Testing

@Suite("logs of a node")
struct NodeLogsTests {
    private func inFolder(_ body: (String, NodeLogs) throws -> Void) throws {
        let folder = "/tmp/manta-logs-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: "\(folder)/job-1", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder, NodeLogs(directory: folder))
    }

    private func write(_ text: String, to path: String) throws {
        try text.write(toFile: path, atomically: false, encoding: .utf8)
    }

    private func append(_ text: String, to path: String) throws {
        let file = try #require(FileHandle(forWritingAtPath: path))
        defer { try? file.close() }
        try file.seekToEnd()
        try file.write(contentsOf: Data(text.utf8))
    }

    private func text(_ piece: LogPiece) -> String { String(decoding: piece.bytes, as: UTF8.self) }

    @Test("logs are listed once for all their parts, also those in folders of jobs")
    func files() throws {
        try inFolder { folder, logs in
            try write("new", to: "\(folder)/node.log")
            try write("older", to: "\(folder)/node.log.1")
            try write("worker", to: "\(folder)/job-1/worker-7.log")
            try write("", to: "\(folder)/.hidden")
            #expect(logs.files().map(\.name) == ["job-1/worker-7.log", "node.log"])
            #expect(logs.files().map(\.byteCount) == [6, 8])
            #expect(logs.files().allSatisfy { $0.modified > 1_700_000_000 })
        }
    }

    @Test("a log is read from its oldest part to its newest, and then what is added")
    func pieces() throws {
        try inFolder { folder, logs in
            try write("one\n", to: "\(folder)/a.log.2")
            try write("two\n", to: "\(folder)/a.log.1")
            try write("three\n", to: "\(folder)/a.log")
            var piece = try logs.piece(of: "a.log")
            #expect(text(piece) == "one\n" && !piece.isEnd)
            piece = try logs.piece(of: "a.log", after: piece.next)
            #expect(text(piece) == "two\n" && !piece.isEnd)
            piece = try logs.piece(of: "a.log", after: piece.next)
            #expect(text(piece) == "three\n" && piece.isEnd)
            piece = try logs.piece(of: "a.log", after: piece.next)
            #expect(piece.bytes.isEmpty && piece.isEnd)
            try append("four\n", to: "\(folder)/a.log")
            #expect(text(try logs.piece(of: "a.log", after: piece.next)) == "four\n")
        }
    }

    @Test("a reader misses nothing when the log goes on in a new file")
    func rotation() throws {
        try inFolder { folder, logs in
            try write("one\n", to: "\(folder)/a.log")
            var piece = try logs.piece(of: "a.log")
            try append("two\n", to: "\(folder)/a.log")
            try FileManager.default.moveItem(atPath: "\(folder)/a.log", toPath: "\(folder)/a.log.1")
            try write("three\n", to: "\(folder)/a.log")
            piece = try logs.piece(of: "a.log", after: piece.next)
            #expect(text(piece) == "two\n" && !piece.isEnd)
            piece = try logs.piece(of: "a.log", after: piece.next)
            #expect(text(piece) == "three\n" && piece.isEnd)
        }
    }

    @Test("a log that was emptied, and one whose part is gone, are read from their start")
    func emptied() throws {
        try inFolder { folder, logs in
            try write("one two three\n", to: "\(folder)/a.log")
            let piece = try logs.piece(of: "a.log")
            try write("four\n", to: "\(folder)/a.log")
            #expect(text(try logs.piece(of: "a.log", after: piece.next)) == "four\n")
            #expect(text(try logs.piece(of: "a.log", after: LogPosition(file: 1, offset: 3))) == "four\n")
        }
    }

    @Test("the last lines are found, also across parts", arguments: 0...6)
    func tail(count: Int) throws {
        try inFolder { folder, logs in
            try write("1\n2\n3\n", to: "\(folder)/a.log.1")
            try write("4\n5\n", to: "\(folder)/a.log")
            var position = try logs.tail(of: "a.log", lineCount: count)
            var all = ""
            while true {
                let piece = try logs.piece(of: "a.log", after: position)
                all += text(piece)
                position = piece.next
                if piece.isEnd { break }
            }
            #expect(all == ["1\n", "2\n", "3\n", "4\n", "5\n"].suffix(count).joined())
        }
    }

    @Test("a long log comes in pieces, and its last lines from its end")
    func long() throws {
        try inFolder { folder, logs in
            let line = String(repeating: "x", count: 99) + "\n"
            try write(String(repeating: line, count: 10_000), to: "\(folder)/a.log")
            var piece = try logs.piece(of: "a.log")
            var count = piece.bytes.count
            #expect(count == NodeLogs.pieceLimit && !piece.isEnd)
            while !piece.isEnd {
                piece = try logs.piece(of: "a.log", after: piece.next)
                count += piece.bytes.count
            }
            #expect(count == 1_000_000)
            #expect(try logs.tail(of: "a.log", lineCount: 5_000).offset == 500_000)
        }
    }

    @Test(
        "nothing outside of the folder is read",
        arguments: [
            "", "/etc/passwd", "../secret", "job-1/../../secret", "job-1", "job-1/", "a/b/c", ".hidden",
            "link",
            "missing.log", "fifo", "etc/passwd",
        ]
    )
    func outside(name: String) throws {
        try inFolder { folder, logs in
            try write("secret", to: "\(folder)/.hidden")
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/link",
                withDestinationPath: "/etc/passwd"
            )
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/etc",
                withDestinationPath: "/etc"
            )
            mkfifo("\(folder)/fifo", 0o600)
            let error = #expect(throws: ClusterError.self) { try logs.piece(of: name) }
            #expect(error?.code == .invalidArgument)
            #expect(throws: ClusterError.self) { try logs.tail(of: name, lineCount: 1) }
        }
    }
}
