import Foundation

/// A certificate for all nodes of a test, and the authority that has signed it.
struct TestCertificates {
    /// For `manta start`.
    let arguments: [String]

    init(in folder: String) throws {
        let files = ["authority.pem", "authority.key", "node.csr", "node.pem", "node.key"].map {
            "\(folder)/\($0)"
        }
        func key(_ path: String) -> [String] {
            ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path]
        }
        try Self.openssl(
            ["req", "-x509", "-days", "2", "-subj", "/CN=authority", "-out", files[0]] + key(files[1])
        )
        try Self.openssl(["req", "-subj", "/CN=node", "-out", files[2]] + key(files[4]))
        let names = (1...8).map { "IP:10.77.0.\($0)" }.joined(separator: ",")
        let extensions = "\(folder)/node.ext"
        try "subjectAltName=\(names)\n".write(toFile: extensions, atomically: true, encoding: .utf8)
        try Self.openssl([
            "x509", "-req", "-in", files[2], "-CA", files[0], "-CAkey", files[1], "-CAcreateserial",
            "-extfile", extensions, "-days",
            "2", "-out",
            files[3],
        ])
        arguments = ["--tls-cert", files[3], "--tls-key", files[4], "--tls-ca", files[0]]
    }

    private static func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw HostFailure(description: "openssl \(arguments.joined(separator: " ")) failed")
        }
    }
}
