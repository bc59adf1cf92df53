import KMeansMath
import Manta
import SampleSupport

/// One run of `kmeans`, in the driver: fill the stores, choose seeds, go round after round, show what came out.
struct KMeansJob: Sendable {
    var plan: KMeansPlan
    /// Whether all processes of the cluster are this one's children.
    var isEmbedded: Bool

    /// A pass over the rows of a worker may take a while. It is only a bound: calls to a worker that has died end at once.
    private static let callLimit = Duration.seconds(3_600)

    /// - Returns: Whether the result is right, as far as that was to be verified.
    /// - Throws: ``MatrixFileError``, ``TooManyClusters``, ``TooManyWorkers``, `TooFewRows`, `ClusterError`.
    func run(on cluster: ClusterSystem) async throws -> Bool {
        let source = try plan.openSource()
        let report = Report(plan: plan, partitioning: source.partitioning)
        let progress = Progress()
        defer { progress.clear() }  // also when an error is to be printed next

        var rows = try await spawn(source.partitioning, on: cluster)
        try await report.show(rows, in: cluster)
        try await fill(rows, from: source, on: cluster, report, progress)
        let result = try await findClusters(&rows, report, progress)
        report.show(result)
        report.show(try await MemoryReport(of: cluster, source.partitioning, isEmbedded: isEmbedded))
        guard plan.verifies else { return true }
        let verification = Verification(plan: plan, source: source)
        let outcome = try await verification.run(against: result, progress)
        progress.clear()
        print("\n\(outcome)")
        return outcome.isEqual
    }

    private func spawn(
        _ partitioning: Partitioning,
        on cluster: ClusterSystem
    ) async throws -> ClusterRows {
        let nodes = try await cluster.nodes()
        // A worker holds a whole processor, and no part of one that another node offers.
        let total = nodes.reduce(0) { $0 + Int($1.total[.cpu]?.value ?? 0) }
        let available = nodes.reduce(0) { $0 + Int($1.available[.cpu]?.value ?? 0) }
        let workerCount = plan.workerCount ?? max(1, available)
        guard workerCount <= total else {
            throw TooManyWorkers(workerCount: workerCount, processorCount: total)
        }
        return try await ClusterRows.spawn(
            on: cluster,
            partitioning,
            workerCount: min(workerCount, partitioning.count),
            isolation: plan.isolation
        )
    }

    private func fill(
        _ rows: ClusterRows,
        from source: RowSource,
        on cluster: ClusterSystem,
        _ report: Report,
        _ progress: Progress
    ) async throws {
        // Of as many nodes as there are workers for.
        let capacity = try await cluster.nodes().prefix(rows.workers.count).reduce(0) {
            $0 + $1.storeCapacity
        }
        if rows.partitioning.byteCount > capacity {
            progress.warn(
                """
                the rows take \(rows.partitioning.byteCount) bytes and the nodes' stores \(capacity): what is on disk is \
                read from there in each round
                """
            )
        }
        let start = ContinuousClock.now
        progress.begin("filling", of: rows.partitioning.count, "partitions")
        switch source {
        case .mixture(let mixture, _): try await rows.generate(mixture) { progress.step() }
        case .file(let file): try await rows.load(file, on: cluster) { progress.step() }
        }
        progress.clear()
        report.show(filledIn: ContinuousClock.now - start)
    }

    private func findClusters(
        _ rows: inout ClusterRows,
        _ report: Report,
        _ progress: Progress
    ) async throws -> Clustering {
        let start = ContinuousClock.now
        return try await withCallOptions(timeout: Self.callLimit) {
            progress.begin("seeding", of: plan.centreCount, "centres")
            let centres = try await plan.seeding.centres(of: &rows) { _ in progress.step() }
            progress.clear()
            report.show(seededIn: ContinuousClock.now - start)

            var last = ContinuousClock.now
            return try await plan.lloyd.run(on: &rows, from: centres) { round in
                let now = ContinuousClock.now
                report.show(round, now - last)
                last = now
            }
        }
    }
}

/// More workers are wanted than the cluster has processors for.
struct TooManyWorkers: Error, CustomStringConvertible {
    var workerCount: Int
    var processorCount: Int

    var description: String {
        """
        each worker takes a processor, and the nodes offer \(processorCount), too few for \(workerCount) workers: see \
        --workers and --nodes, or say with MANTA_CPUS what each node is to offer
        """
    }
}
