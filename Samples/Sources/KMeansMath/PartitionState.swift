/// What is remembered of a partition's rows from one step to the next. The rows themselves are lent for each step.
package struct PartitionState: Sendable {
    private let columnCount: Int
    /// The nearest centre of each row when it was last looked for.
    private var nearest: [UInt16]
    /// While seeds are chosen, the square of each row's distance to the nearest of them; then nothing.
    private var distances: [Float]

    /// Stands for no centre at all.
    private static let none = UInt16.max
    /// How many centres there may be.
    package static let centreLimit = Int(UInt16.max)

    package init(rowCount: Int, columnCount: Int) {
        self.columnCount = columnCount
        nearest = Array(repeating: Self.none, count: rowCount)
        distances = Array(repeating: .infinity, count: rowCount)
    }

    // MARK: Seeding

    /// Takes one more seed into account.
    ///
    /// - Parameters:
    ///   - seed: A centre alone.
    ///   - rows: All rows of the partition.
    /// - Returns: The sum over all rows of the squares of their distances to the nearest seed.
    package mutating func add(seed: CentreBlocks, rows: Span<Float>) -> Double {
        var sum = 0.0
        for number in distances.indices {
            let distance = seed.nearest(to: rows.extracting(place(of: number))).distance
            if distance < distances[number] { distances[number] = distance }
            sum += Double(distances[number])
        }
        return sum
    }

    /// The row at which the squares of the distances, added up row by row, come past `target`.
    package func row(at target: Double) -> Int {
        var sum = 0.0
        for number in distances.indices {
            sum += Double(distances[number])
            if sum > target { return number }
        }
        // Rounding can put the target at the very end. A row that is no seed itself:
        return distances.lastIndex { $0 > 0 } ?? 0
    }

    // MARK: Rounds

    /// Finds the nearest centre of each row.
    ///
    /// - Parameters:
    ///   - centres: All centres, ready to be searched.
    ///   - count: How many they are.
    ///   - rows: All rows of the partition.
    /// - Returns: The sums over the rows, taken in their order.
    package mutating func assign(to centres: CentreBlocks, count: Int, rows: Span<Float>) -> PartitionSums {
        distances = []
        var sums = PartitionSums(centreCount: count, columnCount: columnCount)
        for number in nearest.indices {
            let row = rows.extracting(place(of: number))
            let (centre, distance) = centres.nearest(to: row)
            sums.counts[centre] += 1
            sums.inertias[centre] += Double(distance)
            for column in 0..<columnCount { sums.sums[centre * columnCount + column] += Double(row[column]) }
            guard nearest[number] != UInt16(centre) else { continue }
            nearest[number] = UInt16(centre)
            sums.movedCount += 1
        }
        return sums
    }

    private func place(of number: Int) -> Range<Int> { number * columnCount..<(number + 1) * columnCount }
}
