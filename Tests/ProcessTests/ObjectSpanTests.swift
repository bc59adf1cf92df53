import Foundation
import MantaTestSupport
import Testing

/// What the compiler says to programs that read objects in place.
@Suite("spans of objects", .enabled(if: Compiler() != nil, "there is no swiftc"), .timeLimit(.minutes(10)))
struct ObjectSpanTests {
    @Test("programs that use a span in its closure compile")
    func within() async throws {
        let source = """
            import Manta
            func largest(_ ref: ObjectRef<[Float]>) async throws -> Float {
                try await ref.withSpan { span in
                    var largest = -Float.infinity
                    for index in span.indices { largest = max(largest, span[index]) }
                    return largest
                }
            }
            func dot(_ a: ObjectRef<[Double]>, _ b: ObjectRef<[Double]>) async throws -> Double {
                try await withSpans(a, b) { a, b in a.indices.reduce(0) { $0 + a[$1] * b[$1] } }
            }
            distributed actor Sum: Spawnable {
                private var total = 0
                init(_ arguments: NoArguments, actorSystem: ClusterSystem) { self.actorSystem = actorSystem }
                distributed func add(_ ref: ObjectRef<[Int]>) async throws -> Int {
                    try await ref.withSpan { span in for index in span.indices { total += span[index] } }
                    try await ref.withBytes { total += $0.byteCount }
                    return total
                }
            }
            """
        #expect(try await messages(for: source) == "")
    }

    @Test(
        "a span that leaves its closure does not compile",
        arguments: [
            """
            func leak(_ ref: ObjectRef<[Float]>) async throws -> Int {
                var kept: Span<Float> = Span()
                try await ref.withSpan { span in kept = span }
                return kept.count
            }
            """,
            """
            func leak(_ ref: ObjectRef<Data>) async throws -> Int {
                var kept = RawSpan()
                try await ref.withBytes { bytes in kept = bytes }
                return kept.byteCount
            }
            """,
            """
            func leak(_ a: ObjectRef<[Float]>, _ b: ObjectRef<[Int]>) async throws -> Int {
                var kept: Span<Int> = Span()
                try await withSpans(a, b) { _, span in kept = span }
                return kept.count
            }
            """,
            """
            func leak(_ ref: ObjectRef<[Float]>) async throws -> Int {
                let span: Span<Float> = try await ref.withSpan { $0 }
                return span.count
            }
            """,
        ]
    )
    func escaping(text: String) async throws {
        let messages = try await messages(for: "import Foundation\nimport Manta\n" + text)
        #expect(messages.contains("error:"))
        let reasons = ["escapes its scope", "Escapable", "lifetime-dependent", "cannot convert value"]
        #expect(reasons.contains { messages.contains($0) }, "\(messages)")
    }

    private func messages(for source: String) async throws -> String {
        let compiler = try #require(Compiler())
        return try await Turn.taken { try compiler.messages(for: source) }
    }
}

/// The compiler that built this program, for other programs that use it.
private struct Compiler {
    private let path: String

    /// `nil` where none is on the path.
    init?() {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let paths = folders.map { "\($0)/swiftc" }
        guard let path = paths.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            return nil
        }
        self.path = path
    }

    /// What it says of a program, as far as the checks of lifetimes go.
    func messages(for source: String) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "manta-test-\(UUID().uuidString)"
        )
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("program.swift")
        try source.write(to: file, atomically: false, encoding: .utf8)
        let products = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent()
        let checkouts = products.deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("checkouts")
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let maps = [
            products.appendingPathComponent("CMantaShims.build/module.modulemap"),
            products.appendingPathComponent("CMantaTLS.build/module.modulemap"),
            package.appendingPathComponent("Sources/COpenSSL/module.modulemap"),
            checkouts.appendingPathComponent("swift-system/Sources/CSystem/include/module.modulemap"),
            package.appendingPathComponent("Sources/CLZ4/module.modulemap"),
        ].filter { FileManager.default.fileExists(atPath: $0.path) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments =
            ["-swift-version", "6", "-parse-as-library", "-emit-sil", "-o", "/dev/null", file.path]
            + ["-I", products.appendingPathComponent("Modules").path]
            + maps.flatMap { ["-Xcc", "-fmodule-map-file=\($0.path)"] }
        let pipe = Pipe()
        process.standardError = pipe
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: output, as: UTF8.self)
    }
}
