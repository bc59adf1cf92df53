internal import SampleSupport

/// Rows that are drawn from several round normal distributions, the *components*, whose means lie apart.
///
/// A row depends on the seed and on its number, and on nothing else: whoever makes it, alone or with others, makes the
/// same.
package struct GaussianMixture: Codable, Hashable, Sendable {
    package let columnCount: Int
    package let componentCount: Int
    private let seed: UInt64

    /// How far two means are typically apart; the components have a deviation of 1 in each column. At this distance some
    /// rows lie between two of them, so that it takes a few rounds to find the best borders.
    private static let meanDistance = 8.0

    package init(columnCount: Int, componentCount: Int, seed: UInt64) {
        self.columnCount = columnCount
        self.componentCount = componentCount
        self.seed = seed
    }

    /// The rows with these numbers, one after the other.
    package func rows(_ numbers: Range<Int>) -> [Float] {
        let means = means
        return Array(unsafeUninitializedCapacity: numbers.count * columnCount) { buffer, count in
            for number in numbers {
                var random = NormalRandom(random(UInt64(number)))
                let component = random.index(below: componentCount)
                for column in 0..<columnCount {
                    buffer.initializeElement(
                        at: count,
                        to: means[component * columnCount + column] + random.next()
                    )
                    count += 1
                }
            }
        }
    }

    /// Of all components, one after the other.
    private var means: [Float] {
        // Two points with deviation d in each of n columns are about d √(2n) apart.
        let deviation = Float(Self.meanDistance / (2 * Double(columnCount)).squareRoot())
        return (0..<componentCount).flatMap { component in
            var random = NormalRandom(random(.max - UInt64(component)))
            return (0..<columnCount).map { _ in random.next() * deviation }
        }
    }

    /// A generator of its own for each stream: their states are as good as chosen by chance.
    private func random(_ stream: UInt64) -> SeededRandom {
        var first = SeededRandom(seed: seed)
        var second = SeededRandom(seed: first.next() ^ stream)
        return SeededRandom(seed: second.next())
    }
}
