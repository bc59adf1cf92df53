import KMeansMath
import Testing

@Suite("A mixture of Gaussians")
struct GaussianMixtureTests {
    private let mixture = GaussianMixture(columnCount: 3, componentCount: 1, seed: 11)

    @Test("makes the same rows whole and in parts")
    func parts() {
        #expect(mixture.rows(0..<100) == mixture.rows(0..<37) + mixture.rows(37..<100))
    }

    @Test("makes other rows of another seed")
    func seeds() {
        let other = GaussianMixture(columnCount: 3, componentCount: 1, seed: 12)
        #expect(mixture.rows(0..<1) != other.rows(0..<1))
    }

    @Test("has a deviation of 1 about each mean")
    func deviation() {
        let rows = mixture.rows(0..<20_000)
        for column in 0..<3 {
            let values = stride(from: column, to: rows.count, by: 3).map { Double(rows[$0]) }
            let mean = values.reduce(0, +) / Double(values.count)
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
            #expect(abs(variance - 1) < 0.05)
            // About 68 % of a normal distribution lie within a deviation.
            let near = values.count { abs($0 - mean) < 1 }
            #expect(abs(Double(near) / Double(values.count) - 0.683) < 0.02)
        }
    }
}
