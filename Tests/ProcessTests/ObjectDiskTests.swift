import Distributed
import Foundation
import Manta
import MantaTestSupport
import Testing

/// With a disk of their own, which takes the right to mount one.
@Suite(
    "disks that are full or read-only",
    .enabled(if: SmallDisk.isPossible, "needs root"),
    .timeLimit(.minutes(10))
)
struct ObjectDiskTests {
    private static let words = 1 << 18

    @Test("when the disk is full nothing is lost, and with room again all is readable")
    func full() async throws {
        try await withSmallDisk(mebibytes: 5) { disk in
            try await withCluster({ configuration in
                configuration.storeCapacity = 9 << 20
                configuration.spillDirectory = disk.folder
            }) { test in
                try await fillUp(disk, test.system) {}
                try await test.system.expectNothingLeft()
            }
        }
    }

    @Test("when the disk becomes read-only nothing is lost, and when it is writable again all is readable")
    func readOnly() async throws {
        try await withSmallDisk(mebibytes: 5) { disk in
            try await withCluster({ configuration in
                configuration.storeCapacity = 9 << 20
                configuration.spillDirectory = disk.folder
            }) { test in
                try await fillUp(disk, test.system) { try await disk.remount(readOnly: true) }
                try await disk.remount(readOnly: false)
                try await test.system.expectNothingLeft()
            }
        }
    }

    /// Puts objects until no more fit anywhere, and reads all of them.
    private func fillUp(_ disk: SmallDisk, _ system: ClusterSystem, _ stop: () async throws -> Void)
        async throws
    {
        var items: [Stoker.Item] = []
        for seed in 0..<6 { items.append(try await system.put(Stoker.words(Self.words, of: UInt64(seed)))) }
        try await stop()
        var error: ClusterError?
        for _ in 0..<10 where error == nil {
            let more = Shared<Stoker.Item?>(nil)
            let seed = UInt64(items.count)
            error = await clusterError {
                let item = try await system.put(Stoker.words(Self.words, of: seed))
                more.change { $0 = item }
            }
            if let item = more.value { items.append(item) }
        }
        #expect(error?.code == .outOfDisk, "\(String(describing: error)) after \(items.count)")
        let listed = try await system.objects()
        #expect(Set(listed.map(\.id)) == Set(items.map(\.id)))
        #expect(listed.contains { $0.copy == .spilled })
        // What is in memory is read as ever.
        let inMemory = Set(listed.filter { $0.copy == .primary }.map(\.id))
        for (seed, item) in items.enumerated() where inMemory.contains(item.id) {
            #expect(try await item.withSpan { Stoker.isRight($0, of: UInt64(seed)) })
        }
        try await disk.remount(readOnly: false, mebibytes: 50)
        for (seed, item) in items.enumerated() {
            #expect(try await item.withSpan { Stoker.isRight($0, of: UInt64(seed)) })
        }
        items.append(try await system.put(Stoker.words(Self.words, of: 99)))
    }
}

/// A folder in memory that holds only so much.
final class SmallDisk: Sendable {
    let folder: String

    static let isPossible: Bool = {
        guard geteuid() == 0, let disk = try? SmallDisk(mebibytes: 1) else { return false }
        disk.remove()
        return true
    }()

    init(mebibytes: Int) throws {
        folder = "/tmp/manta-test-disk-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        guard mount("tmpfs", folder, "tmpfs", 0, "size=\(mebibytes)m") == 0 else {
            let error = POSIXError(POSIXError.Code(rawValue: errno) ?? .EPERM)
            rmdir(folder)
            throw error
        }
    }

    func remount(readOnly: Bool, mebibytes: Int? = nil) async throws {
        let flags = UInt(MS_REMOUNT) | (readOnly ? UInt(MS_RDONLY) : 0)
        let size = mebibytes.map { "size=\($0)m" } ?? ""
        try await eventually {
            if mount("tmpfs", folder, "tmpfs", flags, size) == 0 { return true }
            // A file is being written, which no disk can stop.
            try #require(errno == EBUSY, "errno \(errno)")
            return false
        }
    }

    func remove() {
        umount2(folder, Int32(MNT_DETACH))
        rmdir(folder)
    }
}

private func withSmallDisk(mebibytes: Int, _ body: (SmallDisk) async throws -> Void) async throws {
    let disk = try SmallDisk(mebibytes: mebibytes)
    defer { disk.remove() }
    try await body(disk)
    #expect((try? FileManager.default.subpathsOfDirectory(atPath: disk.folder)) == [])
}
