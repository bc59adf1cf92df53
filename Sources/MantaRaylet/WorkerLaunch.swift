package import MantaCore
package import MantaRuntime
internal import MantaWire

/// What a worker process is told when it is started, in a variable of its environment.
package struct WorkerLaunch: Codable, Sendable {
    package static let variable = "MANTA_WORKER"
    /// Set beside it for a test bundle, which enters the worker role before `main`.
    package static let beforeMainVariable = "MANTA_WORKER_BEFORE_MAIN"
    /// The control socket's number in a worker.
    package static let controlDescriptor: Int32 = 3

    package var worker: ProcessID
    package var node: NodeID
    /// The process of the raylet, and of the GCS.
    package var raylet: ProcessID
    package var gcs: ProcessID
    package var rayletActor: ActorID
    package var directory: String
    package var cluster: UInt64
    package var laneCount: Int
    package var dispatch: DispatchMode
    package var namespace: String
    package var logLevel: String

    /// As the variable's value: CBOR in hexadecimal digits.
    package func encoded() throws -> String {
        try CBOR.encode(self).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    package init(encoded text: String) throws {
        let digits = Array(text.utf8)
        let bytes = stride(from: 0, to: digits.count - digits.count % 2, by: 2).compactMap { index in
            UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16)
        }
        self = try CBOR.decode(WorkerLaunch.self, from: bytes)
    }

    package init(
        worker: ProcessID,
        node: NodeID,
        raylet: ProcessID,
        gcs: ProcessID,
        rayletActor: ActorID,
        options: RuntimeOptions,
        laneCount: Int,
        logLevel: String
    ) {
        self.worker = worker
        self.node = node
        self.raylet = raylet
        self.gcs = gcs
        self.rayletActor = rayletActor
        directory = options.directory
        cluster = options.cluster
        self.laneCount = laneCount
        dispatch = options.dispatch
        namespace = options.namespace
        self.logLevel = logLevel
    }
}
