import KMeansMath
import Testing

@Suite("Seeding")
struct SeedingTests {
    private static func seeds(_ rows: [Float], count: Int, seed: UInt64) async throws -> Centres {
        var local = LocalRows(Partitioning(rowCount: rows.count, columnCount: 1), [rows])
        return try await Seeding(centreCount: count, seed: seed).centres(of: &local) { _ in }
    }

    @Test(
        "takes no row twice, so that as many seeds as there are different rows are all of them",
        arguments: 1...20
    )
    func allRows(seed: UInt64) async throws {
        let centres = try await Self.seeds([3, 1, 2, 1, 3, 2, 1], count: 3, seed: seed)
        #expect(centres.values.sorted() == [1, 2, 3])
    }

    @Test("takes one of a few rows that lie far from the many", arguments: 1...20)
    func farRows(seed: UInt64) async throws {
        let rows = (0..<1_000).map { Float($0) / 1_000 } + [1_000_000]
        let centres = try await Self.seeds(rows, count: 2, seed: seed)
        #expect(centres.values.contains(1_000_000))
    }

    @Test("refuses more seeds than there are different rows")
    func tooFewRows() async throws {
        let error = await #expect(throws: TooFewRows.self) {
            _ = try await Self.seeds([4, 4, 2, 2], count: 3, seed: 1)
        }
        #expect(error?.distinctCount == 2)
    }
}
