internal import CMantaShims
internal import Configuration
public import Logging
public import MantaCore
internal import MantaRaylet
internal import MantaRuntime
internal import MantaTransport

/// How a program's cluster is set up.
public struct ClusterConfiguration: Sendable {
    /// The cluster to join, as its driver's ``ClusterSystem/address`` gives it; `nil` starts an embedded one. What is said
    /// of an embedded cluster below has no effect in a program that joins one.
    public var address: String?
    /// Where the names of this program's actors count, if they do not say otherwise.
    public var namespace: String
    /// The file with the secret of the cluster to join; `nil`: the one that this machine's node uses.
    public var secretFile: String?
    /// How chatty the cluster's own log is. Output of workers is logged at `info`.
    public var logLevel: Logger.Level
    /// How many nodes an embedded cluster has; each has a raylet and workers of its own.
    public var nodes: Int
    /// What each node of an embedded cluster offers: at first the machine's processors and memory.
    ///
    /// To set it is to say all: after `resources = [.cpu: 2, "tpu": 4]` a node offers no memory, and an actor that asks for
    /// some is refused. `resources["tpu"] = 4` adds to the machine's; `manta start --resources` does so too.
    public var resources: Resources
    /// Labels of each node of an embedded cluster.
    public var labels: [String: String]
    /// How much the objects in the store of each node of an embedded cluster may take, in bytes. Memory is taken as they
    /// come.
    public var storeCapacity: Int
    /// The folder on whose disk objects go that the store has no room for; `nil`: they go nowhere, and `put` waits for
    /// room. The files are in a folder of their own, which is removed at the end.
    public var spillDirectory: String?

    /// How many shared workers a node has before actors share them, and how many idle ones it keeps ready.
    package var sharedWorkers: Int
    package var idleWorkers: Int
    /// How long a worker's control lane may be silent before its raylet ends it; `nil` is the raylet's own bound.
    package var workerSilence: Duration?
    /// How many lanes each process has for actors.
    package var lanes: Int
    package var dispatch: DispatchMode
    /// The largest frame, in bytes.
    package var frameLimit: Int?
    /// What was wrong in the environment.
    private var problem: Problem?

    private struct Problem {
        /// The variable, as it is.
        var setting: String
        /// What the variable takes.
        var values: String
    }

    /// One node that offers this machine's processors and memory.
    public init() {
        let processors = Int(manta_processor_count())
        namespace = QualifiedName.defaultNamespace
        logLevel = .info
        nodes = 1
        resources = [.cpu: Quantity(Double(processors)), .memory: Quantity(Double(manta_physical_memory()))]
        labels = [:]
        storeCapacity = NodeStore.defaultCapacity
        spillDirectory = SessionDirectory.temporaryFolder
        sharedWorkers = max(2, processors / 2)
        idleWorkers = 2
        lanes = min(2, processors)
        dispatch = .fastestKnown
    }

    /// What `MANTA_…` variables of the environment say, and this machine where they are silent.
    ///
    /// | variable | meaning | default |
    /// | --- | --- | --- |
    /// | `MANTA_ADDRESS` | the cluster to join | none: an embedded one is started |
    /// | `MANTA_NAMESPACE` | where names of actors count | `default` |
    /// | `MANTA_SECRET_FILE` | the file with the secret of the cluster to join | that of this machine's node |
    /// | `MANTA_LOG_LEVEL` | `trace`, `debug`, `info`, `notice`, `warning`, `error` or `critical` | `info` |
    /// | `MANTA_NODES` | nodes of an embedded cluster | 1 |
    /// | `MANTA_CPUS` | processors that each node offers | those of the machine |
    /// | `MANTA_STORE_CAPACITY` | bytes for objects on each node, also as `512MiB`, `8GiB` | 30 % of the memory |
    /// | `MANTA_SPILL_DIRECTORY` | where objects go that do not fit; `none`: nowhere | `$TMPDIR`, else `/tmp` |
    /// | `MANTA_LANES` | lanes for actors in each process | 2, on a single processor 1 |
    /// | `MANTA_SHARED_WORKERS` | shared workers of each node | half the processors, at least 2 |
    /// | `MANTA_IDLE_WORKERS` | idle workers that each node keeps ready | 2 |
    /// | `MANTA_DISPATCH` | `cached` or `standard`: how methods are run | `cached` where it is known to work |
    public static var `default`: ClusterConfiguration {
        let environment = ConfigReader(provider: EnvironmentVariablesProvider()).scoped(to: "manta")
        var configuration = ClusterConfiguration()
        func read<T>(
            _ key: ConfigKey,
            _ values: String,
            _ parse: (String) -> T?,
            _ set: (inout ClusterConfiguration, T) -> Void
        ) {
            guard let text = environment.string(forKey: key) else { return }
            if let value = parse(text) {
                set(&configuration, value)
            } else {
                let name = "MANTA_" + key.components.joined(separator: "_").uppercased()
                configuration.problem =
                    configuration.problem ?? Problem(setting: "\(name)=\(text)", values: values)
            }
        }
        func nonEmpty(_ text: String) -> String? { text.isEmpty ? nil : text }
        func upTo1000(_ text: String) -> Int? { Int(text).flatMap { (0...1_000).contains($0) ? $0 : nil } }
        func positive(_ text: String) -> Int? { upTo1000(text).flatMap { $0 > 0 ? $0 : nil } }
        func amount(_ text: String) -> Double? { Double(text).flatMap { (0...1e9).contains($0) ? $0 : nil } }
        func byteCount(_ text: String) -> Int? {
            let units = ["KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30]
            let unit = units.first { text.hasSuffix($0.key) }
            guard let count = Int(unit == nil ? text : String(text.dropLast(3))), count > 0 else {
                return nil
            }
            let (product, overflow) = count.multipliedReportingOverflow(by: unit?.value ?? 1)
            return overflow ? nil : product
        }
        let count = "a number from 1 to 1000"
        let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        let modes = DispatchMode.allCases.map(\.rawValue).joined(separator: " or ")
        read("log.level", "one of \(levels)", Logger.Level.init(rawValue:)) { $0.logLevel = $1 }
        read("address", "HOST:PORT of a head, auto, or unix: and a folder", nonEmpty) { $0.address = $1 }
        read("namespace", "a name", nonEmpty) { $0.namespace = $1 }
        read("secret.file", "the path of a file", nonEmpty) { $0.secretFile = $1 }
        read("nodes", count, positive) { $0.nodes = $1 }
        read("cpus", "a number of processors such as 4 or 0.5, 0 or more", amount) {
            $0.resources[.cpu] = Quantity($1)
        }
        read("store.capacity", "a number of bytes such as 512MiB or 8GiB", byteCount) {
            $0.storeCapacity = $1
        }
        read("spill.directory", "a folder, or none", nonEmpty) { $0.spillDirectory = $1 == "none" ? nil : $1 }
        read("lanes", count, positive) { $0.lanes = $1 }
        read("shared.workers", count, positive) { $0.sharedWorkers = $1 }
        read("idle.workers", "a number from 0 to 1000", upTo1000) { $0.idleWorkers = $1 }
        read("dispatch", modes, DispatchMode.init(rawValue:)) { $0.dispatch = $1 }
        return configuration
    }

    /// Refuses what no cluster can be made of.
    package func check() throws(ClusterError) {
        if let problem {
            throw ClusterError(
                .invalidArgument,
                "\(problem.setting) cannot be understood",
                hint: "it takes \(problem.values); or unset it"
            )
        }
        guard (1...1_000).contains(nodes) else {
            throw ClusterError(
                .invalidArgument,
                "a cluster of \(nodes) nodes",
                hint: "nodes is between 1 and 1,000"
            )
        }
        guard storeCapacity >= NodeStore.smallestCapacity else {
            throw ClusterError(
                .invalidArgument,
                "an object store of \(storeCapacity) bytes",
                hint: "it takes \(NodeStore.smallestCapacity) bytes or more"
            )
        }
    }

    /// How this process takes part in the cluster whose processes listen in `directory`.
    func runtimeOptions(directory: String, cluster: UInt64) -> RuntimeOptions {
        var options = RuntimeOptions(
            directory: directory,
            cluster: cluster,
            laneCount: lanes,
            dispatch: dispatch,
            namespace: namespace
        )
        if let frameLimit { options.linkLimits.frameByteCount = frameLimit }
        return options
    }

    /// The log of a driver.
    func makeLogger() -> Logger {
        var logger = Logger(label: "manta")
        logger.logLevel = logLevel
        return logger
    }
}
