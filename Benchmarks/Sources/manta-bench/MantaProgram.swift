import Glibc

/// The `manta` tool, as whose daemons the nodes of a cluster run.
struct MantaProgram {
    let path: String

    /// Finds it.
    ///
    /// - Parameter path: Where it is; `nil` where a release build of the package that this program was built beside
    ///   puts it.
    /// - Throws: ``BenchmarkError`` that says how to build it.
    init(path: String?) throws {
        if let path {
            guard access(path, X_OK) == 0 else {
                throw BenchmarkError(description: "there is no program at \(path), which --manta names")
            }
            self.path = path
            return
        }
        var folder = Self.ownPath[...]
        while let slash = folder.lastIndex(of: "/") {
            folder = folder[..<slash]
            let candidate = "\(folder)/.build/release/manta"
            if access(candidate, X_OK) == 0 {
                self.path = candidate
                return
            }
        }
        throw BenchmarkError(
            description: """
                no folder above \(Self.ownPath) has .build/release/manta, the tool that starts nodes. In the root of Manta's \
                repository, build it with
                    swift build -c release --product manta
                or name another one with --manta PATH. Without it, choose parts other than network and failover with --only.
                """
        )
    }

    /// Where this program itself is.
    static var ownPath: String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
