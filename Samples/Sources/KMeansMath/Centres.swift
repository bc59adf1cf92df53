/// The centres of all clusters, one row each.
package struct Centres: Codable, Sendable {
    package let columnCount: Int
    /// One centre after the other.
    package private(set) var values: [Float]

    package init(columnCount: Int, values: [Float] = []) {
        precondition(values.count.isMultiple(of: columnCount))
        self.columnCount = columnCount
        self.values = values
    }

    package var count: Int { values.count / columnCount }

    package subscript(_ centre: Int) -> ArraySlice<Float> {
        values[centre * columnCount..<(centre + 1) * columnCount]
    }

    package mutating func append(_ centre: [Float]) {
        precondition(centre.count == columnCount)
        values += centre
    }

    /// Moves each centre to the mean of its rows. One without rows stays where it is.
    package func moved(to sums: PartitionSums) -> Centres {
        var moved = self
        for centre in 0..<count where sums.counts[centre] > 0 {
            for place in centre * columnCount..<(centre + 1) * columnCount {
                moved.values[place] = Float(sums.sums[place] / Double(sums.counts[centre]))
            }
        }
        return moved
    }
}
