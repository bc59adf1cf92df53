internal import Foundation
internal import Glibc
internal import MantaCore
internal import MantaGCS
internal import MantaStorage

/// Kills writers at random instants.
struct KillTorture {
    private let seed: UInt64
    private var random: SplitMix64
    private let folder: String
    private var state: ScriptedState
    /// The highest number that a writer has told.
    private var told: UInt64 = 0
    private var counts = (kills: 0, damaged: 0, refused: 0)

    init(seed: UInt64) throws {
        self.seed = seed
        random = SplitMix64(seed: seed)
        folder = NSTemporaryDirectory() + "manta-directory-torture-\(getpid())"
        state = ScriptedState(Script(seed: seed))
        try? FileManager.default.removeItem(atPath: folder)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    mutating func run(seconds: Int) async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            kill()
            // It may not have come so far.
            guard FileManager.default.fileExists(atPath: files) else { continue }
            try await checkDamaged()
            try await check()
        }
        print(
            "seed \(seed): \(counts.kills) kills, \(told) commits; \(counts.damaged) damaged copies, of which "
                + "\(counts.refused) were refused and the others were whole"
        )
    }

    private var files: String { folder + "/files" }

    /// Lets a writer run for a moment.
    private mutating func kill() {
        counts.kills += 1
        let writer = Child(["write", files, String(seed)])
        usleep(UInt32.random(in: 20_000...120_000, using: &random))
        told = max(told, writer.kill() ?? 0)
    }

    /// What was told is there, and nothing else but perhaps one commit more.
    private mutating func check() async throws {
        let storage = try SQLiteStorage(in: files)
        let entries = try await storage.load()
        // Mostly left behind as a killed head leaves it.
        if Int.random(in: 0..<4, using: &random) == 0 { await storage.close() }
        let number = Script.number(of: entries)
        guard number == told || number == told + 1 else {
            Torture.fail("seed \(seed): \(told) commits were durable, and \(number) are there")
        }
        told = number
        state.go(to: number)
        guard state.isSame(as: entries) else {
            Torture.fail("seed \(seed): after \(number) commits other entries are there")
        }
    }

    // MARK: Damage

    /// A copy that was damaged is refused, or it was harmless.
    private mutating func checkDamaged() async throws {
        for _ in 0..<8 {
            counts.damaged += 1
            let copy = folder + "/copy"
            try? FileManager.default.removeItem(atPath: copy)
            try FileManager.default.copyItem(atPath: files, toPath: copy)
            let damage = try damage(copy)
            let entries: [StoredEntry]
            do {
                let storage = try SQLiteStorage(in: copy)
                entries = try await storage.load()
                await storage.close()
            } catch let error as ClusterError {
                guard [.undecodable, .incompatible].contains(error.code), error.hint != nil else {
                    Torture.fail("seed \(seed), \(damage): the wrong error, \(error)")
                }
                counts.refused += 1
                continue
            }
            let number = Script.number(of: entries)
            guard number == told || number == told + 1 else {
                Torture.fail("seed \(seed), \(damage): \(told) commits were durable, and \(number) are there")
            }
            var expected = state
            expected.go(to: number)
            guard expected.isSame(as: entries) else {
                Torture.fail("seed \(seed), \(damage): after \(number) commits other entries are there")
            }
        }
    }

    private mutating func damage(_ folder: String) throws -> String {
        let names = ["directory.sqlite", "directory.sqlite-wal"].filter {
            FileManager.default.fileExists(atPath: "\(folder)/\($0)")
        }
        guard let name = names.randomElement(using: &random) else { return "nothing" }
        let path = "\(folder)/\(name)"
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        guard !bytes.isEmpty else { return "nothing of \(name)" }
        let place = Int.random(in: bytes.indices, using: &random)
        let what: String
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4:
            let bit = Int.random(in: 0..<8, using: &random)
            bytes[place] ^= 1 << bit
            what = "bit \(bit) of byte \(place) of \(name) is another"
        case 4..<6:
            bytes.removeLast(bytes.count - place)
            what = "\(name) ends after \(place) bytes"
        case 6:
            // As where a sector was never written.
            let start = place / 512 * 512
            for index in start..<min(start + 512, bytes.count) { bytes[index] = 0 }
            what = "the 512 bytes at \(start) of \(name) are zero"
        case 7:
            let page = place / 4_096 * 4_096
            let other = Int.random(in: 0..<max(1, bytes.count / 4_096), using: &random) * 4_096
            for index in 0..<4_096 where page + index < bytes.count && other + index < bytes.count {
                bytes[page + index] = bytes[other + index]
            }
            what = "the page at \(page) of \(name) is that at \(other)"
        case 8:
            let bit = Int.random(in: 0..<8, using: &random)
            // Where it says what it is.
            bytes[min(place % 100, bytes.count - 1)] ^= 1 << bit
            what = "bit \(bit) of byte \(place % 100) of \(name) is another"
        default:
            try FileManager.default.removeItem(atPath: path)
            return "\(name) is gone"
        }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return what
    }
}
