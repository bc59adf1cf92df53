import KMeansMath
import SampleSupport
import Testing

@Suite("The state of a partition")
struct PartitionStateTests {
    @Test("finds the nearest centre as plain loops do", arguments: [1, 3, 7, 64], [1, 5, 8, 9, 16, 23])
    func nearest(columnCount: Int, centreCount: Int) {
        let mixture = GaussianMixture(columnCount: columnCount, componentCount: 4, seed: 5)
        let rows = mixture.rows(0..<200)
        let centres = Centres(columnCount: columnCount, values: mixture.rows(1_000..<1_000 + centreCount))
        var state = PartitionState(rowCount: 200, columnCount: columnCount)
        let sums = state.assign(to: CentreBlocks(centres), count: centreCount, rows: rows.span)

        var expected = PlainSums(centreCount: centreCount, columnCount: columnCount)
        for row in 0..<200 { expected.add(rows[row * columnCount..<(row + 1) * columnCount], centres) }
        #expect(sums.counts == expected.counts)
        #expect(sums.sums == expected.sums)
        #expect(sums.inertias == expected.inertias)
        #expect(sums.movedCount == 200)
    }

    @Test("counts the rows that moved since the last time")
    func moved() {
        var state = PartitionState(rowCount: 4, columnCount: 1)
        let rows: [Float] = [0, 1, 2, 3]
        func moved(_ values: [Float]) -> Int {
            let centres = Centres(columnCount: 1, values: values)
            return state.assign(to: CentreBlocks(centres), count: values.count, rows: rows.span).movedCount
        }
        #expect(moved([0, 3]) == 4)
        #expect(moved([0, 3]) == 0)
        #expect(moved([0, 1.9]) == 1)
    }

    @Test("takes the first of two centres that are equally near")
    func tie() {
        var state = PartitionState(rowCount: 1, columnCount: 1)
        let centres = Centres(columnCount: 1, values: [5, 1, -1])
        let row: [Float] = [0]
        #expect(state.assign(to: CentreBlocks(centres), count: 3, rows: row.span).counts == [0, 1, 0])
    }

    @Test("leaves a centre without rows where it is")
    func emptyCluster() {
        var state = PartitionState(rowCount: 2, columnCount: 1)
        let centres = Centres(columnCount: 1, values: [0, 100])
        let rows: [Float] = [1, 2]
        let sums = state.assign(to: CentreBlocks(centres), count: 2, rows: rows.span)
        #expect(centres.moved(to: sums).values == [1.5, 100])
    }

    @Test("chooses the row at which the squares of the distances reach a target")
    func rowAtTarget() {
        var state = PartitionState(rowCount: 4, columnCount: 1)
        let rows: [Float] = [0, 1, 2, 0]
        let seed = CentreBlocks(Centres(columnCount: 1, values: [0]))
        #expect(state.add(seed: seed, rows: rows.span) == 5)
        #expect([0, 0.9, 1, 4.9].map { state.row(at: $0) } == [1, 1, 2, 2])
        // Past the end, as rounding can have it: the last row that is no seed.
        #expect(state.row(at: 5) == 2)
    }
}

/// The same sums without blocks of centres.
private struct PlainSums {
    var counts: [Int]
    var sums: [Double]
    var inertias: [Double]

    init(centreCount: Int, columnCount: Int) {
        counts = Array(repeating: 0, count: centreCount)
        sums = Array(repeating: 0, count: centreCount * columnCount)
        inertias = Array(repeating: 0, count: centreCount)
    }

    mutating func add(_ row: ArraySlice<Float>, _ centres: Centres) {
        let distances = (0..<centres.count).map { centre in
            zip(row, centres[centre]).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        }
        guard let nearest = distances.indices.min(by: { distances[$0] < distances[$1] }) else { return }
        counts[nearest] += 1
        inertias[nearest] += Double(distances[nearest])
        for (column, value) in row.enumerated() { sums[nearest * row.count + column] += Double(value) }
    }
}
