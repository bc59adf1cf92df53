internal import Glibc
internal import MantaGCS

/// Commits one change after another until it is killed, and prints the number of each when it is durable.
struct Writer {
    let seed: UInt64

    func run(_ storage: any DirectoryStorage) async throws {
        let parent = getppid()
        let script = Script(seed: seed)
        var number = Script.number(of: try await storage.load())
        while getppid() == parent {
            number += 1
            try await storage.commit(script.changes(number))
            var bytes = number.littleEndian
            guard Glibc.write(1, &bytes, 8) == 8 else { return }
        }
    }
}
