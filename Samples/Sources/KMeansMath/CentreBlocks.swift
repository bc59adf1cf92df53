/// Centres in the order in which the search for the nearest one reads them.
///
/// Eight centres make a block, in which the first number of all eight is followed by the second of all eight, and so on. So
/// one instruction takes the same step for several centres, and each distance is still summed column by column: the result
/// is the same on every processor, however wide its registers are.
package struct CentreBlocks: Sendable {
    private let columnCount: Int
    private let blockCount: Int
    /// The centres that fill the last block are infinitely far away.
    private var blocks: [SIMD8<Float>]

    private static let laneCount = 8

    package init(_ centres: Centres) {
        columnCount = centres.columnCount
        blockCount = (centres.count + Self.laneCount - 1) / Self.laneCount
        blocks = Array(repeating: SIMD8(repeating: .infinity), count: blockCount * columnCount)
        for centre in 0..<centres.count {
            let (block, lane) = centre.quotientAndRemainder(dividingBy: Self.laneCount)
            for (column, value) in centres[centre].enumerated() {
                blocks[block * columnCount + column][lane] = value
            }
        }
    }

    /// The number of the centre that is nearest to a row, the first one of equals, and the square of its distance.
    @inline(__always)
    func nearest(to row: Span<Float>) -> (centre: Int, distance: Float) {
        let all = blocks.span
        var nearest = (centre: 0, distance: Float.infinity)
        for number in 0..<blockCount {
            let block = all.extracting(number * columnCount..<(number + 1) * columnCount)
            var distances = SIMD8<Float>.zero
            for column in 0..<columnCount {
                let difference = SIMD8(repeating: row[column]) - block[column]
                distances += difference * difference
            }
            for lane in 0..<Self.laneCount where distances[lane] < nearest.distance {
                nearest = (number * Self.laneCount + lane, distances[lane])
            }
        }
        return nearest
    }
}
