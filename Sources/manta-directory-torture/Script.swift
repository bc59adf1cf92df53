internal import MantaCore
internal import MantaGCS

/// The commits of a torture: what each of them changes follows from its number and the seed.
struct Script {
    let seed: UInt64

    private static let counters = StoredEntry.Key(.counters, 0)

    func changes(_ number: UInt64) -> [StoredEntry] {
        var random = SplitMix64(seed: seed &+ number &* 0x1_0001)
        var changes: [StoredEntry.Key: StoredEntry] = [:]
        // Some are too large for one transaction of etcd.
        let most = Int.random(in: 0..<8, using: &random) == 0 ? 300 : 40
        for _ in 0..<Int.random(in: 1...most, using: &random) {
            let kind: StoredEntry.Kind =
                [.actor, .actor, .actor, .process].randomElement(using: &random) ?? .node
            let key = StoredEntry.Key(
                kind,
                UInt64.random(in: 0..<300, using: &random) &* 0x8000_0000_0000_0011
            )
            let size = Int.random(in: 0..<100, using: &random) == 0 ? 60_000 : 900
            let isRemoved = Int.random(in: 0..<5, using: &random) == 0
            let count = Int.random(in: 0...size, using: &random)
            let byte = UInt8(truncatingIfNeeded: random.next())
            changes[key] = StoredEntry(key, isRemoved ? nil : [UInt8](repeating: byte, count: count))
        }
        changes[Self.counters] = StoredEntry(Self.counters, withUnsafeBytes(of: number) { Array($0) })
        return Array(changes.values)
    }

    /// How many commits have made these entries, by what they say themselves.
    static func number(of entries: [StoredEntry]) -> UInt64 {
        let bytes = entries.first { $0.key == counters }?.value ?? []
        return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// What has to be there after so many commits.
struct ScriptedState {
    let script: Script
    private(set) var number: UInt64 = 0
    private(set) var entries: [StoredEntry.Key: [UInt8]] = [:]

    init(_ script: Script) { self.script = script }

    mutating func go(to number: UInt64) {
        precondition(number >= self.number, "commits are not taken back")
        while self.number < number {
            self.number += 1
            for entry in script.changes(self.number) { entries[entry.key] = entry.value }
        }
    }

    func isSame(as loaded: [StoredEntry]) -> Bool {
        loaded.count == entries.count && loaded.allSatisfy { entries[$0.key] == $0.value }
    }
}
