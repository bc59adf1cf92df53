internal import Glibc
package import MantaCore
import MantaRuntime
package import MantaTransport

/// What a raylet is told of its node.
package struct RayletOptions: Sendable {
    package var node: NodeID
    package var address: String
    package var resources: Resources
    package var labels: [String: String]
    /// The process that hosts the GCS.
    package var gcs: ProcessID
    /// Reads what the workers write.
    package var outputLane: Lane
    package var logLevel: String
    /// How many shared workers to have before actors share, and how many idle ones to keep ready.
    package var sharedWorkerCount: Int
    package var idleWorkerCount: Int
    /// How many lanes each worker has for actors.
    package var workerLaneCount: Int
    package var worker: WorkerProgram

    package init(
        node: NodeID,
        address: String,
        resources: Resources,
        labels: [String: String],
        gcs: ProcessID,
        outputLane: Lane,
        logLevel: String,
        sharedWorkerCount: Int,
        idleWorkerCount: Int,
        workerLaneCount: Int,
        worker: WorkerProgram
    ) {
        self.node = node
        self.address = address
        self.resources = resources
        self.labels = labels
        self.gcs = gcs
        self.outputLane = outputLane
        self.logLevel = logLevel
        self.sharedWorkerCount = sharedWorkerCount
        self.idleWorkerCount = idleWorkerCount
        self.workerLaneCount = workerLaneCount
        self.worker = worker
    }

    func command(
        _ id: ProcessID,
        raylet: ActorID,
        system: ClusterSystem,
        adding environment: [String: String]
    ) throws -> WorkerProcess.Command {
        let launch = WorkerLaunch(
            worker: id,
            node: node,
            raylet: system.process,
            gcs: gcs,
            rayletActor: raylet,
            options: system.options,
            laneCount: workerLaneCount,
            logLevel: logLevel
        )
        var variables = worker.environment
        // A backtrace takes half a second, in which the crash is known to nobody, and pushes out the line
        // that says why.
        variables["SWIFT_BACKTRACE"] = variables["SWIFT_BACKTRACE"] ?? "enable=no"
        variables.merge(environment) { $1 }
        variables[WorkerLaunch.variable] = try launch.encoded()
        variables[WorkerLaunch.beforeMainVariable] = worker.entersBeforeMain ? "1" : nil
        return WorkerProcess.Command(path: worker.path, arguments: worker.arguments, environment: variables)
    }
}

/// The program that workers run: the driver's own, with its arguments and environment.
package struct WorkerProgram: Sendable {
    package var path: String
    package var arguments: [String]
    package var environment: [String: String]
    /// A test bundle's `main` runs its tests, so its workers must not reach it.
    package var entersBeforeMain: Bool

    /// The program of this process.
    package static var current: WorkerProgram {
        // The link's target, which still names the right file when a program was replaced while it runs, is
        // the link itself.
        let path = "/proc/self/exe"
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &buffer, buffer.count - 1)
        let name =
            count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : path
        var environment: [String: String] = [:]
        var entry = environ
        while let variable = entry.pointee {
            let text = String(cString: variable)
            if let equals = text.firstIndex(of: "=") {
                environment[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            entry += 1
        }
        return WorkerProgram(
            path: path,
            arguments: CommandLine.arguments,
            environment: environment,
            entersBeforeMain: name.hasSuffix(".xctest") || name.hasSuffix("swiftpm-testing-helper")
        )
    }
}
