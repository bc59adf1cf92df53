import Foundation
import Glibc
import Logging
import MantaCLI
import Testing

@Suite("logs of daemons")
struct LogFileTests {
    private func inFolder(_ body: (String) throws -> Void) throws {
        let folder = "/tmp/manta-log-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test("a log that has grown goes on in a new file; the oldest goes")
    func rotation() throws {
        try inFolder { folder in
            let log = try LogFile(at: "\(folder)/a.log", limit: 20, count: 3)
            for number in 0..<10 { log.write("line \(number)..\n") }
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == [
                    "a.log", "a.log.1", "a.log.2",
                ]
            )
            #expect(try text("\(folder)/a.log") == "line 8..\nline 9..\n")
            #expect(try text("\(folder)/a.log.1") == "line 6..\nline 7..\n")
            #expect(try text("\(folder)/a.log.2") == "line 4..\nline 5..\n")
        }
    }

    @Test("a line that is longer than a file has one to itself")
    func longLine() throws {
        try inFolder { folder in
            let log = try LogFile(at: "\(folder)/a.log", limit: 20, count: 2)
            let long = String(repeating: "x", count: 100) + "\n"
            log.write("a\n")
            log.write(long)
            log.write("b\n")
            #expect(try text("\(folder)/a.log.1") == long)
            #expect(try text("\(folder)/a.log") == "b\n")
        }
    }

    @Test("a log goes on where it was when it is opened again")
    func append() throws {
        try inFolder { folder in
            try LogFile(at: "\(folder)/a.log", limit: 20, count: 2).write("first line\n")
            let log = try LogFile(at: "\(folder)/a.log", limit: 20, count: 2)
            log.write("second\n")
            log.write("third line\n")
            #expect(try text("\(folder)/a.log.1") == "first line\nsecond\n")
            #expect(try text("\(folder)/a.log") == "third line\n")
        }
    }

    @Test("a log that was moved away is begun anew when asked to; other descriptors go with it")
    func reopen() throws {
        try inFolder { folder in
            let follower = open("/dev/null", O_WRONLY | O_CLOEXEC)
            defer { close(follower) }
            let log = try LogFile(at: "\(folder)/a.log", followers: [follower])
            log.write("one\n")
            rename("\(folder)/a.log", "\(folder)/moved")
            log.write("two\n")
            log.reopen()
            log.write("three\n")
            write(follower, "four\n", 5)
            #expect(try text("\(folder)/moved") == "one\ntwo\n")
            #expect(try text("\(folder)/a.log") == "three\nfour\n")
        }
    }

    @Test("a folder that is not there is named")
    func missing() {
        let error = #expect(throws: (any Error).self) { try LogFile(at: "/no/such/folder/a.log") }
        #expect(error.map { "\($0)" }?.contains("/no/such/folder/a.log") == true)
    }

    @Test("a line has a time, a level, a message, and what belongs to it, and is one line")
    func line() throws {
        try inFolder { folder in
            let log = try LogFile(at: "\(folder)/a.log")
            var logger = Logger(label: "a.b") { LogFileHandler(label: $0) { log.write($0) } }
            logger[metadataKey: "node"] = "n1"
            logger.info("joined", metadata: ["zone": "a b", "empty": ""])
            logger.debug("not told")
            logger.logLevel = .debug
            logger.warning("two\nlines", metadata: ["text": "with \"quotes\""])
            let lines = try text("\(folder)/a.log").split(separator: "\n").map { $0.drop { $0 != " " } }
            #expect(
                lines == [
                    " INFO a.b: joined empty=\"\" node=n1 zone=\"a b\"",
                    " WARNING a.b: two | lines node=n1 text=\"with \\\"quotes\\\"\"",
                ]
            )
        }
    }
}
