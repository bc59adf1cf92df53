import KMeansMath
import SampleSupport
import Testing

@Suite("Clustering")
struct LloydTests {
    private static let mixture = GaussianMixture(columnCount: 8, componentCount: 3, seed: 7)

    /// The rows of the mixture, in the partitions that the program would make.
    private static func rows(_ count: Int) -> LocalRows {
        let partitioning = Partitioning(rowCount: count, columnCount: 8)
        return LocalRows(
            partitioning,
            (0..<partitioning.count).map { mixture.rows(partitioning.rows(of: $0)) }
        )
    }

    @Test("finds the components of a mixture that lie apart")
    func findsComponents() async throws {
        var rows = Self.rows(10_000)
        let seeds = try await Seeding(centreCount: 3, seed: 1).centres(of: &rows) { _ in }
        let lloyd = Lloyd(tolerance: 0, roundLimit: 100)
        let result = try await lloyd.run(on: &rows, from: seeds) { _ in }
        #expect(result.hasConverged)
        // A row lies at a distance whose square is about the number of columns from the mean of its component.
        let inertia = try #require(result.rounds.last).inertia
        #expect(abs(inertia / (10_000 * 8) - 1) < 0.05)
        for count in result.rowCounts { #expect(abs(count - 3_333) < 200) }
    }

    @Test("never makes the inertia larger from one round to the next")
    func inertiaFalls() async throws {
        var rows = Self.rows(5_000)
        let seeds = try await Seeding(centreCount: 9, seed: 2).centres(of: &rows) { _ in }
        let result = try await Lloyd(tolerance: 0, roundLimit: 30).run(on: &rows, from: seeds) { _ in }
        #expect(result.rounds.count > 3)
        #expect(result.rounds.first?.movedShare == 1)
        for (before, after) in zip(result.rounds, result.rounds.dropFirst()) {
            #expect(after.inertia <= before.inertia * (1 + 1e-9))
        }
    }

    @Test("ends after the last round that it may take")
    func roundLimit() async throws {
        var rows = Self.rows(5_000)
        let seeds = try await Seeding(centreCount: 9, seed: 2).centres(of: &rows) { _ in }
        let result = try await Lloyd(tolerance: 0, roundLimit: 2).run(on: &rows, from: seeds) { _ in }
        #expect(result.rounds.map(\.number) == [1, 2])
        #expect(!result.hasConverged)
    }

    @Test("is the same to the last bit when workers are done in another order", arguments: 1...3)
    func sameToTheLastBit(order: UInt64) async throws {
        func run(on rows: some PartitionedRows) async throws -> Clustering {
            var rows = rows
            let seeds = try await Seeding(centreCount: 5, seed: 3).centres(of: &rows) { _ in }
            return try await Lloyd(tolerance: 0, roundLimit: 50).run(on: &rows, from: seeds) { _ in }
        }
        let partitioning = Partitioning(rowCount: 20_000, columnCount: 8)
        #expect(partitioning.count > 5)
        let partitions = (0..<partitioning.count).map { Self.mixture.rows(partitioning.rows(of: $0)) }
        let result = try await run(on: LocalRows(partitioning, partitions))
        let other = try await run(on: ShuffledRows(partitioning, partitions, seed: order))
        #expect(result.differences(from: other).isEmpty)
    }

    @Test("says what differs")
    func differences() async throws {
        func run(rounds: Int) async throws -> Clustering {
            var rows = Self.rows(5_000)
            let seeds = try await Seeding(centreCount: 9, seed: 2).centres(of: &rows) { _ in }
            return try await Lloyd(tolerance: 0, roundLimit: rounds).run(on: &rows, from: seeds) { _ in }
        }
        let differences = try await run(rounds: 2).differences(from: run(rounds: 3))
        #expect(differences.first == "the number of rounds: 2 and 3")
        #expect(differences.last == "the centres")
    }
}
