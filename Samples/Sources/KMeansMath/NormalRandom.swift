internal import Glibc
package import SampleSupport

/// Numbers of the normal distribution with mean 0 and deviation 1, by Marsaglia's polar method: of a point that is chosen
/// at random in the unit circle two numbers are made, one of which is kept for the next time.
package struct NormalRandom: Sendable {
    private var random: SeededRandom
    private var kept: Float?

    package init(_ random: SeededRandom) { self.random = random }

    /// A whole number from 0 to `limit` - 1, all equally likely.
    package mutating func index(below limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }

    package mutating func next() -> Float {
        if let number = kept {
            kept = nil
            return number
        }
        while true {
            let x = coordinate()
            let y = coordinate()
            let square = x * x + y * y
            guard square < 1, square > 0 else { continue }
            let factor = (-2 * log(square) / square).squareRoot()
            kept = Float(y * factor)
            return Float(x * factor)
        }
    }

    /// From -1 to 1, exact in steps of 2⁻⁵².
    private mutating func coordinate() -> Double { Double(random.next() >> 11) * 0x1p-52 - 1 }
}
