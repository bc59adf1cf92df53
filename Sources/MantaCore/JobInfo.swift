/// A job, as `jobs()` lists it: a driver, and the actors that were spawned for it.
public struct JobInfo: Codable, Hashable, Sendable, Identifiable {
    /// `running → ended`.
    public enum State: String, Codable, Hashable, Sendable { case running, ended }

    /// That of its driver.
    public var id: ProcessID
    public var state: State
    /// Where the names of its actors count, if they do not say otherwise.
    public var namespace: String
    /// The executable that its workers are started from; `nil` for that of a driver which hosts the cluster.
    public var program: ProgramID?
    /// The driver's, with the name of the program as the first one.
    public var arguments: [String]
    /// The operating system's number of the driver.
    public var driverProcessID: Int32
    /// The name of the machine that the driver runs on, or ran on.
    public var host: String
    /// When the driver joined, in seconds since 1 January 1970, UTC.
    public var startTime: Double
    /// When it ended; `nil` while it runs.
    public var endTime: Double?
    /// How many actors are built from its program and not dead; detached ones may outlive the driver.
    public var liveActors: Int

    package init(
        id: ProcessID,
        state: State,
        namespace: String,
        program: ProgramID?,
        arguments: [String],
        driverProcessID: Int32,
        host: String,
        startTime: Double,
        endTime: Double?,
        liveActors: Int
    ) {
        self.id = id
        self.state = state
        self.namespace = namespace
        self.program = program
        self.arguments = arguments
        self.driverProcessID = driverProcessID
        self.host = host
        self.startTime = startTime
        self.endTime = endTime
        self.liveActors = liveActors
    }
}
