import Foundation
import Logging
import MantaCore
@testable import MantaRaylet
import MantaTestSupport
import Testing

@Suite(
    "the programs of a node",
    .timeLimit(.minutes(5)),
    .enabled(if: ClusterTestSwitch.isOn, "runs with MANTA_CLUSTER_TESTS=1")
)
struct ProgramCacheTests {
    private let samples: Folder
    private let folder: Folder

    init() throws {
        samples = try Folder()
        folder = try Folder()
    }

    private func makeCache(limit: Int = 8, in directory: String? = nil) -> ProgramCache {
        ProgramCache(directory: directory ?? folder.path, limit: limit, logger: Logger(label: "test"))
    }

    private func obtain(
        _ sample: SampleProgram,
        _ cache: ProgramCache,
        from origins: FakeOrigin...
    ) async throws -> ProgramCache.Obtained {
        try await cache.obtain(sample.program) { origins }
    }

    private func mode(_ path: String) throws -> Int {
        let value = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        return try #require(value as? Int)
    }

    @Test("a program is fetched once, and is a file named by its hash that only its owner can read and run")
    func fetch() async throws {
        let sample = try SampleProgram(1, in: samples)
        let cache = makeCache()
        let origin = FakeOrigin("node-1", sample.bytes)
        let obtained = try await obtain(sample, cache, from: origin)
        #expect(obtained.isNew)
        #expect(obtained.path == "\(folder.path)/\(sample.program.id)")
        #expect(try mode(obtained.path) == 0o500)
        #expect(try Array(Data(contentsOf: URL(fileURLWithPath: obtained.path))) == sample.bytes)
        #expect(try await !obtain(sample, cache, from: origin).isNew)
        #expect(origin.askedCount == 1)
        #expect(folder.names == ["\(sample.program.id)"])
        #expect(cache.stored == [sample.program.id])
    }

    @Test("those who ask at the same time share one fetch, also one that fails")
    func shared() async throws {
        let sample = try SampleProgram(1, in: samples)
        let cache = makeCache()
        for failure in [ClusterError(.notConnected, "gone"), nil] {
            let gate = Gate()
            let origin = FakeOrigin("node-1", sample.bytes, failure: failure, gate: gate)
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<20 {
                    group.addTask { (try? await obtain(sample, cache, from: origin)) != nil }
                }
                try await eventually { origin.askedCount == 1 }
                gate.open()
                for try await isThere in group { #expect(isThere == (failure == nil)) }
            }
            #expect(origin.askedCount == 1)
        }
        #expect(folder.names == ["\(sample.program.id)"])
    }

    @Test("bytes that are not the program are refused, and it is sought elsewhere")
    func wrongBytes() async throws {
        let sample = try SampleProgram(1, in: samples)
        let cache = makeCache()
        var flipped = sample.bytes
        flipped[60_000] ^= 1
        let wrong = [
            FakeOrigin("flipped", flipped), FakeOrigin("short", sample.bytes.dropLast()),
            FakeOrigin("long", sample.bytes + [0]), FakeOrigin("empty", []),
            FakeOrigin("broken", sample.bytes, failure: ClusterError(.notConnected, "the link was lost")),
        ]
        let right = FakeOrigin("right", sample.bytes)
        let unneeded = FakeOrigin("unneeded", sample.bytes)
        let obtained = try await cache.obtain(sample.program) { wrong + [right, unneeded] }
        #expect(obtained.isNew)
        #expect((wrong + [right, unneeded]).map(\.askedCount) == [1, 1, 1, 1, 1, 1, 0])
        #expect(folder.names == ["\(sample.program.id)"])
    }

    @Test("when nobody has it, the error names the program, and each who was asked with what came of it")
    func nobody() async throws {
        let sample = try SampleProgram(1, in: samples)
        let cache = makeCache()
        let wrong = FakeOrigin("node-a", [1, 2, 3])
        let lost = FakeOrigin("node-b", [], failure: ClusterError(.notConnected, "no such host"))
        let error = try await failure { try await obtain(sample, cache, from: wrong, lost) }
        #expect(error.code == .objectLost)
        for part in ["\(sample.program.id)", "node-a", "SHA-256", "node-b", "no such host"] {
            #expect(error.message.contains(part), "\(error)")
        }
        #expect(folder.names.isEmpty)
        // Nothing is remembered of that.
        #expect(try await obtain(sample, cache, from: FakeOrigin("node-c", sample.bytes)).isNew)
    }

    @Test("a file that was changed on the disk is not used: the program is fetched again", arguments: 0..<5)
    func tampered(way: Int) async throws {
        let sample = try SampleProgram(1, in: samples)
        let cache = makeCache()
        let origin = FakeOrigin("node-1", sample.bytes)
        let path = try await obtain(sample, cache, from: origin).path
        let url = URL(fileURLWithPath: path)
        switch way {
        case 0: try Data(sample.bytes.dropLast()).write(to: url, options: .atomic)
        case 1:
            // The superuser may write to it.
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
            let file = try FileHandle(forWritingTo: url)
            try file.seek(toOffset: 1_000)
            try file.write(contentsOf: [UInt8](repeating: 0xff, count: 10))
            try file.close()
        case 2: try FileManager.default.removeItem(at: url)
        case 3:
            try FileManager.default.removeItem(at: url)
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/bin/sh")
        default:
            try FileManager.default.removeItem(at: url)
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            let error = try await failure { try await obtain(sample, cache, from: origin) }
            #expect("\(error)".contains(path))
            return
        }
        #expect(throws: ClusterError.self) {
            if way != 1 { _ = try cache.part(of: sample.program.id, at: 0, atMost: 10) }
            throw ClusterError(.objectLost, "")
        }
        #expect(try await obtain(sample, cache, from: origin).isNew)
        #expect(origin.askedCount == 2)
        #expect(try Array(Data(contentsOf: url)) == sample.bytes)
        #expect(try mode(path) == 0o500)
    }

    @Test("a file that was only touched is read again, and used")
    func touched() async throws {
        let sample = try SampleProgram(1, in: samples)
        let cache = makeCache()
        let origin = FakeOrigin("node-1", sample.bytes)
        let path = try await obtain(sample, cache, from: origin).path
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: path)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 0)],
            ofItemAtPath: path
        )
        #expect(try await !obtain(sample, cache, from: origin).isNew)
        #expect(origin.askedCount == 1)
        #expect(try mode(path) == 0o500)
    }

    @Test("programs of an earlier life are found again, and drafts of it removed; damaged ones are not used")
    func restart() async throws {
        let sample = try SampleProgram(1, in: samples)
        let other = try SampleProgram(2, in: samples)
        for sample in [sample, other] {
            _ = try await obtain(sample, makeCache(), from: FakeOrigin("node-1", sample.bytes))
        }
        // As after a power failure.
        let path = "\(folder.path)/\(other.program.id)"
        try FileManager.default.removeItem(atPath: path)
        try Data(count: other.program.byteCount).write(to: URL(fileURLWithPath: path))
        try Data([1]).write(to: URL(fileURLWithPath: "\(folder.path)/draft-999999999-1"))
        let cache = makeCache()
        let origin = FakeOrigin("node-1", other.bytes)
        #expect(try await !obtain(sample, cache, from: origin).isNew)
        #expect(origin.askedCount == 0)
        #expect(try await obtain(other, cache, from: origin).isNew)
        #expect(folder.names == ["\(sample.program.id)", "\(other.program.id)"].sorted())
    }

    @Test("past the limit the programs go that no job uses, the least recently used first")
    func eviction() async throws {
        let cache = makeCache(limit: 3)
        let all = try (0..<6).map { try SampleProgram($0, byteCount: 5_000 + $0, in: samples) }
        func get(_ index: Int) async throws -> ProgramCache.Obtained {
            try await obtain(all[index], cache, from: FakeOrigin("node-1", all[index].bytes))
        }
        cache.retain(all[0].program.id)
        for index in 0..<3 { #expect(try await get(index).dropped.isEmpty) }
        #expect(try await !get(1).isNew)
        #expect(try await get(3).dropped == [all[2].program.id])
        #expect(try await get(4).dropped == [all[1].program.id])
        #expect(folder.names == [0, 3, 4].map { "\(all[$0].program.id)" }.sorted())
        cache.release(all[0].program.id)
        #expect(try await get(5).dropped == [all[0].program.id])
        // In use, none goes, however many there are.
        for index in [3, 4, 5] { cache.retain(all[index].program.id) }
        #expect(try await get(0).dropped.isEmpty)
        #expect(folder.names.count == 4)
    }

    @Test("parts of a program are what they are of the file, and end with it")
    func parts() async throws {
        let sample = try SampleProgram(1, byteCount: 10_000, in: samples)
        let cache = makeCache()
        _ = try await obtain(sample, cache, from: FakeOrigin("node-1", sample.bytes))
        let id = sample.program.id
        #expect(try cache.part(of: id, at: 0, atMost: 4_096) == Array(sample.bytes[..<4_096]))
        #expect(try cache.part(of: id, at: 9_000, atMost: 4_096) == Array(sample.bytes[9_000...]))
        #expect(try cache.part(of: id, at: 10_000, atMost: 4_096).isEmpty)
        #expect(throws: ClusterError.self) { try cache.part(of: id, at: -1, atMost: 1) }
        let other = try SampleProgram(2, in: samples)
        let error = try await failure { try cache.part(of: other.program.id, at: 0, atMost: 1) }
        #expect(error.code == .objectLost)
    }

    @Test("the program of the process itself needs no file")
    func own() async throws {
        let own = try await ProgramDigest.ofThisProcess()
        let cache = makeCache()
        let obtained = try await cache.obtain(own) { [] }
        #expect(obtained.path == ProgramDigest.ownPath)
        #expect(cache.stored == [own.id])
        let elf: [UInt8] = [0x7f, 0x45, 0x4c, 0x46]
        #expect(try cache.part(of: own.id, at: 0, atMost: 4) == elf)
        #expect(folder.names.isEmpty)
    }

    @Test("the executable of a process of this machine is copied, also after its file was replaced")
    func running() async throws {
        let path = "\(samples.path)/sleep"
        try FileManager.default.copyItem(atPath: "/bin/sleep", toPath: path)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["60"]
        try process.run()
        defer { process.terminate() }
        // As a build does.
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.copyItem(atPath: "/bin/ls", toPath: path)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: "/bin/sleep"))
        let file = open("/bin/sleep", O_RDONLY)
        defer { close(file) }
        let program = try ProgramDigest.of(file, at: "/bin/sleep")
        let cache = makeCache()
        let obtained = try await cache.obtain(program) {
            [ProgramFile(path: path), RunningProgram(process: process.processIdentifier)]
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: obtained.path)) == bytes)
        #expect(obtained.isNew)
    }

    @Test(
        "a full disk is told as such, with the path, and nothing is left there",
        .enabled(if: geteuid() == 0, "needs the superuser, to make a small disk")
    )
    func fullDisk() async throws {
        try await withSmallDisk(byteCount: 1 << 20, in: folder) { disk in
            let cache = makeCache(in: "\(disk)/programs")
            let sample = try SampleProgram(1, byteCount: 2_000_000, in: samples)
            let unneeded = FakeOrigin("node-2", sample.bytes)
            let error = try await failure {
                try await obtain(sample, cache, from: FakeOrigin("node-1", sample.bytes), unneeded)
            }
            #expect(error.code == .outOfDisk)
            #expect(error.message.contains("\(disk)/programs/"))
            #expect(unneeded.askedCount == 0)
            let source = "\(samples.path)/sample-1"
            let copied = try await failure {
                try await cache.obtain(sample.program) { [ProgramFile(path: source)] }
            }
            #expect(copied.code == .outOfDisk)
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(disk)/programs").isEmpty)
            // What fits is kept as ever.
            let small = try SampleProgram(2, byteCount: 100_000, in: samples)
            #expect(try await obtain(small, cache, from: FakeOrigin("node-1", small.bytes)).isNew)
        }
    }

    @Test("a folder that cannot be made is told with its path, and the remedy")
    func noFolder() async throws {
        let sample = try SampleProgram(1, in: samples)
        let cache = makeCache(in: "/proc/nowhere")
        let error = try await failure {
            try await obtain(sample, cache, from: FakeOrigin("node-1", sample.bytes))
        }
        #expect(error.message.contains("/proc/nowhere"))
    }

    @Test("when the node stops, a fetch ends")
    func stops() async throws {
        let sample = try SampleProgram(1, in: samples)
        let cache = makeCache()
        let gate = Gate()
        let origin = FakeOrigin("node-1", [], gate: gate)
        let fetch = Task { try await obtain(sample, cache, from: origin, origin) }
        try await eventually { origin.askedCount == 1 }
        cache.stop()
        gate.open()
        await #expect(throws: CancellationError.self) { try await fetch.value }
        #expect(origin.askedCount == 1)
        await #expect(throws: CancellationError.self) { try await obtain(sample, cache, from: origin) }
        #expect(folder.names.isEmpty)
    }
}

/// Mounts a small file system for the time of `body`.
private func withSmallDisk(
    byteCount: Int,
    in folder: Folder,
    _ body: (String) async throws -> Void
) async throws {
    let path = "\(folder.path)/disk"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    try #require(mount("manta-test", path, "tmpfs", 0, "size=\(byteCount)") == 0)
    defer { umount2(path, Int32(MNT_DETACH)) }
    try await body(path)
}
