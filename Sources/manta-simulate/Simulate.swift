internal import ArgumentParser
import MantaCore
import MantaSimulation

@main
struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manta-simulate",
        abstract: "Runs a cluster's control plane in virtual time, from seeds, and checks what it promises."
    )

    @Option(help: "How many runs.") var seeds: UInt64 = 500
    @Option(help: "The seed of the first run; the others count on from it.") var seed: UInt64 = 1
    @Option(help: "How many nodes each cluster has; by default the seed decides.") var nodes: Int?
    @Option(help: "How many runs at a time.") var tasks = 2
    @Flag(help: "Prints all that happens in each run.") var trace = false
    @Flag(help: "Goes on after a violation, and lists all.") var all = false
    @Option(help: "A fault to plant, to see that it is found.") var bug: PlantedBug?

    func validate() throws {
        if seeds == 0 { throw ValidationError("--seeds is at least 1") }
        if let nodes, nodes < 1 { throw ValidationError("--nodes is at least 1") }
    }

    func run() async throws {
        let suite = SimulationSuite(
            seeds: seed..<seed + seeds,
            nodeCount: nodes,
            plantedBug: bug,
            taskCount: tasks
        )
        if trace { try runTraced(suite) } else { try await runAll(suite) }
    }

    private func runTraced(_ suite: SimulationSuite) throws {
        for seed in suite.seeds {
            var options = suite.options(seed: seed)
            options.isTraced = true
            options.traceLimit = .max
            let result = Simulation.run(options) { print($0) }
            print("seed \(seed): digest \(String(result.digest, radix: 16)), \(result.nodeCount) nodes")
            guard let violation = result.violation else { continue }
            print("violation: \(violation)")
            throw ExitCode.failure
        }
    }

    private func runAll(_ suite: SimulationSuite) async throws {
        var report = Report(total: Int(seeds))
        await suite.run { result in
            report.add(result)
            return all || result.violation == nil
        }
        report.printSummary()
        guard let failed = report.failed else { return }
        for other in report.violations.dropFirst() { print("also: \(other)") }
        print("\nviolation: \(failed)\nthe last that happened:")
        for line in suite.explain(seed: failed.seed).trace { print("  \(line)") }
        var command = "scripts/simulate --seeds 1 --seed \(failed.seed) --trace"
        if let nodes { command += " --nodes \(nodes)" }
        if let bug { command += " --bug \(bug.rawValue)" }
        print("replay: \(command)")
        throw ExitCode.failure
    }
}

extension PlantedBug: ExpressibleByArgument {}
