import CMantaShims
import Foundation
import Glibc
import MantaTLS
import Testing

/// An authority that signs certificates for tests, in a folder of its own that goes with it.
final class TestAuthority: Sendable {
    let folder: String

    /// Makes its key and certificate.
    init(named name: String = "test authority") throws {
        var template = Array("/tmp/manta-tls-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try openssl(
            ["req", "-x509", "-days", "2", "-subj", "/CN=\(name)", "-out", authority] + newKey("authority")
        )
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var authority: String { path("authority.pem") }

    func path(_ file: String) -> String { "\(folder)/\(file)" }

    /// A certificate for a host that is called `name`, with `extensions` as openssl.cnf writes them.
    func issue(
        _ name: String,
        days: Int = 2,
        extensions: [String] = ["subjectAltName=DNS:node.example,IP:127.0.0.1,IP:::1"]
    ) throws -> TLSIdentity {
        let (request, certificate) = (path("\(name).csr"), path("\(name).pem"))
        try openssl(["req", "-subj", "/O=Manta/CN=\(name)", "-out", request] + newKey(name))
        try extensions.joined(separator: "\n").write(
            toFile: path("\(name).ext"),
            atomically: false,
            encoding: .utf8
        )
        try openssl([
            "x509", "-req", "-in", request, "-CA", authority, "-CAkey", path("authority.key"), "-days",
            "\(days)",
            "-out", certificate, "-extfile", path("\(name).ext"),
        ])
        return .certificates(certificate: certificate, key: path("\(name).key"), authority: authority)
    }

    private func newKey(_ name: String) -> [String] {
        ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path("\(name).key")]
    }
}

/// Runs the command. Not by Foundation's `Process`, which keeps sockets of its own after the first.
func openssl(_ arguments: [String]) throws {
    var ends: [Int32] = [-1, -1]
    try #require(manta_pipe(&ends) == 0)
    defer { close(ends[0]) }
    var strings: [UnsafeMutablePointer<CChar>?] = (["env", "openssl"] + arguments).map { strdup($0) }
    strings.append(nil)
    let process = manta_spawn("/usr/bin/env", strings, environ, ends[1], ends[1], ends[1], 0)
    for string in strings { free(string) }
    close(ends[1])
    try #require(process > 0, "error \(-process)")

    var output: [UInt8] = []
    while true {
        try #require(waitUntilReadable(ends[0]), "openssl does not end")
        guard let bytes = receivePlain(from: ends[0]) else { break }
        output += bytes
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    let text = String(decoding: output, as: UTF8.self)
    try #require(status == 0, "openssl \(arguments.joined(separator: " ")): \(text)")
}
