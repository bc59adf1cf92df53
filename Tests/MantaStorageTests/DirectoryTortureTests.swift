import CMantaShims
import Glibc
import MantaTestSupport
import Testing

/// Real processes that are killed while they commit.
@Suite(
    "Killing a process that writes a directory",
    .enabled(if: ClusterTestSwitch.isOn, "runs with MANTA_CLUSTER_TESTS=1")
)
struct DirectoryTortureTests {
    /// `MANTA_DIRECTORY_TORTURE_SECONDS` makes it longer.
    @Test("what was told to be durable is there, and damaged files are refused", .timeLimit(.minutes(10)))
    func torture() async throws {
        let seconds = getenv("MANTA_DIRECTORY_TORTURE_SECONDS").flatMap { Int(String(cString: $0)) } ?? 10
        let output = try await Program.run("manta-directory-torture", ["run", String(seconds)])
        #expect(output.status == 0, "\(output.text)")
        print(output.text, terminator: "")
    }

    @Test(
        "what a head told that was elected through etcd is there for the next one",
        .enabled(if: EtcdServer.isInstalled, EtcdServer.reason),
        .timeLimit(.minutes(5))
    )
    func elections() async throws {
        let server = try await EtcdServer()
        let output = try await Program.run("manta-directory-torture", ["elect", server.endpoint, "12"])
        #expect(output.status == 0, "\(output.text)")
        print(output.text, terminator: "")
    }
}

/// A program that is built into the same folder as the tests.
enum Program {
    static func run(_ name: String, _ arguments: [String]) async throws -> (status: Int32, text: String) {
        var ends: [Int32] = [-1, -1]
        try #require(manta_pipe(&ends) == 0)
        try #require(manta_set_nonblocking(ends[0]) == 0)
        defer { close(ends[0]) }
        let path = try path(name)
        var strings: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
        strings.append(nil)
        let process = manta_spawn(path, strings, environ, 2, ends[1], ends[1], 0)
        for string in strings { free(string) }
        close(ends[1])
        try #require(process > 0, "error \(-process)")
        var text = ""
        var status: Int32 = 0
        try await eventually(within: .seconds(500), "the end of \(name), which printed \(text)") {
            var buffer = [UInt8](repeating: 0, count: 4_096)
            while true {
                let count = read(ends[0], &buffer, buffer.count)
                guard count > 0 else { break }
                text += String(decoding: buffer[..<count], as: UTF8.self)
            }
            return waitpid(process, &status, WNOHANG) == process
        }
        return (status, text)
    }

    private static func path(_ name: String) throws -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let own = String(decoding: buffer[..<max(0, count)].map(UInt8.init(bitPattern:)), as: UTF8.self)
        let folder = try #require(own.lastIndex(of: "/"))
        return own[..<folder] + "/" + name
    }
}
