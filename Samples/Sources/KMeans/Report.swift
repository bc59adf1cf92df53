import Foundation
import KMeansMath
import Manta
import SampleSupport

/// What a run shows on standard output, as it comes.
struct Report: Sendable {
    var plan: KMeansPlan
    var partitioning: Partitioning

    /// How many columns of a centre are shown.
    private static let shownColumnCount = 4

    // MARK: Before the rounds

    func show(_ rows: ClusterRows, in cluster: ClusterSystem) async throws {
        let ids = Set(rows.workers.map(\.id))
        let homes = try await cluster.actors().filter { ids.contains($0.id) }
        let origin =
            switch plan.input {
            case .generated: "generated from seed \(plan.seed)"
            case .file(let path): path
            }
        line("rows", "\(partitioning.rowCount) of \(count(partitioning.columnCount, "column")), \(origin)")
        line(
            "data",
            "\(partitioning.byteCount.formattedMegabytes) MB in \(count(partitioning.count, "partition"))"
        )
        let processes = count(Set(homes.compactMap(\.processID)).count, "process", "processes")
        let nodes = count(Set(homes.compactMap(\.node)).count, "node")
        line("workers", "\(rows.workers.count), in \(processes) on \(nodes)")
    }

    func show(filledIn duration: Duration) {
        line("filling", "\(duration.formattedSeconds) s")
    }

    func show(seededIn duration: Duration) {
        line("seeding", "\(duration.formattedSeconds) s, seed \(plan.seed)\n")
        print("round         inertia     moved  seconds    GB/s")
    }

    // MARK: Rounds

    func show(_ round: Round, _ duration: Duration) {
        let seconds = duration / .seconds(1)
        show(
            String(
                format: "%5d  %14.8g  %7.3f%%  %7.3f  %6.2f",
                round.number,
                round.inertia,
                round.movedShare * 100,
                seconds,
                Double(partitioning.byteCount) / seconds / 1e9
            )
        )
    }

    func show(_ result: Clustering) {
        let rounds = count(result.rounds.count, "round")
        let tolerance = String(format: "%g %%", plan.lloyd.tolerance * 100)
        print(
            result.hasConverged
                ? "\nconverged after \(rounds): at most \(tolerance) of the rows moved in the last one\n"
                : "\nNOT converged after \(rounds): more than \(tolerance) of the rows moved in the last one\n"
        )
        var table = Table([
            .right("cluster"), .right("rows"), .right("share"), .right("deviation"), .left("centre"),
        ])
        for cluster in 0..<result.centres.count {
            let rowCount = result.rowCounts[cluster]
            // Of a row's numbers from those of the centre, on average.
            let variance = result.inertias[cluster] / Double(rowCount * partitioning.columnCount)
            table.add([
                "\(cluster + 1)", "\(rowCount)",
                String(format: "%.2f%%", 100 * Double(rowCount) / Double(partitioning.rowCount)),
                rowCount == 0 ? "" : String(format: "%.4g", variance.squareRoot()),
                text(of: result.centres[cluster]),
            ])
        }
        print(table)
    }

    private func text(of centre: ArraySlice<Float>) -> String {
        let shown = centre.prefix(Self.shownColumnCount).map { String(format: "%.3g", $0) }
        return shown.joined(separator: " ") + (centre.count > shown.count ? " …" : "")
    }

    // MARK: Memory

    func show(_ memory: MemoryReport) {
        var table = Table([.left("memory in MB"), .right("own"), .right("shared")])
        func add(_ name: String, _ use: MemoryUse) {
            guard use.processCount > 0 else { return }
            table.add([name, use.ownByteCount.formattedMegabytes, use.sharedByteCount.formattedMegabytes])
        }
        add("this process", memory.driver)
        add(count(memory.workers.processCount, "worker process", "worker processes"), memory.workers)
        add(count(memory.others.processCount, "idle process", "idle processes"), memory.others)
        if memory.all.processCount > 1 { add("all together", memory.all) }
        table.add([
            "objects in \(count(memory.nodeCount, "store"))", "", memory.storeByteCount.formattedMegabytes,
        ])
        if memory.spilledByteCount > 0 {
            table.add(["objects on disk", memory.spilledByteCount.formattedMegabytes, ""])
        }
        table.add(["the data", "", memory.dataByteCount.formattedMegabytes])
        print()
        print(table)
    }

    private func line(_ name: String, _ text: String) {
        show(name.padding(toLength: 9, withPad: " ", startingAt: 0) + text)
    }

    /// At once: the next line may take long, and standard output may be a pipe.
    private func show(_ line: String) {
        print(line)
        fflush(nil)
    }

    private func count(_ count: Int, _ one: String, _ many: String? = nil) -> String {
        count == 1 ? "1 \(one)" : "\(count) \(many ?? one + "s")"
    }
}

extension Int {
    /// In millions, with one decimal.
    fileprivate var formattedMegabytes: String { String(format: "%.1f", Double(self) / 1e6) }
}
