import Foundation
import MantaTestSupport
import Testing

@Suite(
    "clusters with certificates",
    .serialized,
    .timeLimit(.minutes(10)),
    .enabled(if: ClusterTestSwitch.isOn, "runs with MANTA_CLUSTER_TESTS=1")
)
struct CertificateTests {
    /// Certificates for this machine, by an authority of their own.
    private struct Authority {
        let folder: String

        init(in folder: String) throws {
            self.folder = folder
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try run(
                "req",
                "-x509",
                "-newkey",
                "ed25519",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=Test authority",
                "-keyout",
                "ca.key",
                "-out",
                "ca.pem"
            )
        }

        private func run(_ arguments: String...) throws {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
            process.arguments = arguments
            process.currentDirectoryURL = URL(fileURLWithPath: folder)
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            try #require(process.terminationStatus == 0, "openssl \(arguments)")
        }

        /// The options by which a node has a certificate that the authority has signed.
        func options(_ name: String) throws -> [String] {
            try "subjectAltName=IP:127.0.0.1\n".write(
                toFile: "\(folder)/names",
                atomically: true,
                encoding: .utf8
            )
            try run(
                "req",
                "-newkey",
                "ed25519",
                "-nodes",
                "-subj",
                "/CN=\(name)",
                "-keyout",
                "\(name).key",
                "-out",
                "\(name).csr"
            )
            try run(
                "x509",
                "-req",
                "-in",
                "\(name).csr",
                "-CA",
                "ca.pem",
                "-CAkey",
                "ca.key",
                "-days",
                "1",
                "-extfile",
                "names",
                "-out",
                "\(name).pem"
            )
            return [
                "--tls-cert", "\(folder)/\(name).pem", "--tls-key", "\(folder)/\(name).key", "--tls-ca",
                "\(folder)/ca.pem",
            ]
        }
    }

    @Test("a node with a certificate joins; one whose certificate another authority has signed is refused")
    func certificates() async throws {
        try await Tool.used { tool in
            let authority = try Authority(in: "\(tool.home)/ours")
            let start = try await tool.start(
                ["start", "--head", "--port", "0"] + authority.options("head")
            ).end()
            try #require(start.status == 0, "\(start.errors)")
            #expect(start.output.contains("--tls-cert") || start.output.contains("this machine alone"))
            let head = try tool.port(start.output)
            #expect(!FileManager.default.fileExists(atPath: "\(tool.folder(head))/secret"))
            let join = ["start", "--address", "127.0.0.1:\(head)", "--port", "0"]
            let node = try await tool.start(join + authority.options("node")).end()
            #expect(node.status == 0, "\(node.errors)")
            #expect(
                try await tool.run("status", "--address", "127.0.0.1:\(head)").output.contains("Nodes: 2\n")
            )
            let other = try Authority(in: "\(tool.home)/theirs")
            let stranger = try await tool.start(join + other.options("stranger")).end()
            #expect(stranger.status == 1)
            #expect(stranger.errors.contains("certificate"), "\(stranger.errors)")
            #expect(
                try await tool.run("status", "--address", "127.0.0.1:\(head)").output.contains("Nodes: 2\n")
            )
        }
    }
}
