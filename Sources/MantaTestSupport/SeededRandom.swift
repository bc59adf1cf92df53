internal import MantaCore

/// The same numbers for the same seed, on every machine.
package struct SeededRandom: RandomNumberGenerator {
    private var base: SplitMix64

    package init(seed: UInt64) { base = SplitMix64(seed: seed) }

    package mutating func next() -> UInt64 { base.next() }

    package mutating func chance(percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

    package mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}
