import Foundation
import Glibc
import MantaCore
import MantaTLS
import Testing

@Suite struct SecretTests {
    private let folder: String

    init() throws {
        var template = Array("/tmp/manta-secret-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func inFolder(_ body: (String) throws -> Void) rethrows {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body("\(folder)/secret")
    }

    private func refusal(of path: String) -> ClusterError? {
        #expect(throws: ClusterError.self) { try ClusterSecret(contentsOf: path) }
    }

    @Test("a secret that was written is read again")
    func roundTrip() throws {
        try inFolder { path in
            let secret = ClusterSecret.generate()
            try secret.write(to: path)
            #expect(try ClusterSecret(contentsOf: path) == secret)
            #expect(secret != ClusterSecret.generate())
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.wholeMatch(of: /[0-9a-f]{64}\n/) != nil)
            var status = stat()
            #expect(stat(path, &status) == 0)
            #expect(status.st_mode & 0o7777 == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["secret"])
        }
    }

    @Test("a file that is there is never overwritten")
    func noOverwriting() throws {
        try inFolder { path in
            let first = ClusterSecret.generate()
            try first.write(to: path)
            let error = #expect(throws: ClusterError.self) { try ClusterSecret.generate().write(to: path) }
            #expect(error?.code == .invalidArgument)
            #expect(error?.hint != nil)
            #expect(try ClusterSecret(contentsOf: path) == first)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["secret"])
        }
    }

    @Test(
        "a file that others may read or change is refused",
        arguments: [0o604, 0o640, 0o620, 0o602, 0o644, 0o610] as [mode_t]
    )
    func mode(_ mode: mode_t) throws {
        try inFolder { path in
            try ClusterSecret.generate().write(to: path)
            #expect(chmod(path, mode) == 0)
            let error = refusal(of: path)
            #expect(error?.code == .unauthenticated)
            #expect(error?.message.contains(String(mode, radix: 8)) == true)
            #expect(error?.hint?.contains("chmod 600") == true)
        }
    }

    @Test("anything but 64 digits is refused")
    func content() throws {
        let digits = String(repeating: "0123456789abcdef", count: 4)
        try inFolder { path in
            for text in [
                "", "\n", "\(digits.dropLast())\n", "\(digits)0\n", "\(digits)\n\n",
                "\(digits.dropLast())g\n", "\(digits)\r\n",
            ] {
                try text.write(toFile: path, atomically: false, encoding: .utf8)
                #expect(chmod(path, 0o600) == 0)
                let error = refusal(of: path)
                #expect(error?.code == .invalidArgument, "\(text.count)")
                #expect(error?.message.contains(digits.prefix(16)) == false)
            }
            for text in [digits, "\(digits)\n", "\(digits.uppercased())\n"] {
                try text.write(toFile: path, atomically: false, encoding: .utf8)
                #expect(try ClusterSecret(contentsOf: path) == ClusterSecret(contentsOf: path))
            }
        }
    }

    @Test("a missing file, a folder, a pipe and a folder that is missing are told")
    func noFile() {
        inFolder { path in
            #expect(refusal(of: path)?.code == .invalidArgument)
            #expect(refusal(of: path)?.hint?.contains("head") == true)
            #expect(mkfifo(path, 0o600) == 0)
            #expect(refusal(of: path)?.code == .invalidArgument)
            #expect(chmod(folder, 0o700) == 0)
            #expect(refusal(of: folder)?.code == .invalidArgument)
            let error = #expect(throws: ClusterError.self) {
                try ClusterSecret.generate().write(to: "\(path)-none/secret")
            }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test("neither printing nor dumping a secret shows it")
    func printing() throws {
        try inFolder { path in
            let secret = ClusterSecret.generate()
            try secret.write(to: path)
            let text = try String(contentsOfFile: path, encoding: .utf8)
            var dumped = ""
            dump(secret, to: &dumped)
            dump(TLSIdentity.secret(secret), to: &dumped)
            dumped += "\(secret) \(String(reflecting: secret))"
            #expect(!dumped.contains(text.prefix(8)))
            let byte = try #require(UInt8(text.prefix(2), radix: 16))
            let next = try #require(UInt8(text.dropFirst(2).prefix(2), radix: 16))
            #expect(!dumped.contains("\(byte), \(next)") && !dumped.contains("- \(byte)\n"))
        }
    }
}
