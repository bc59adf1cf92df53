package import MantaCore

/// A worker, for its raylet.
package protocol WorkerHandle: Sendable {
    var id: ProcessID { get }
    var operatingSystemID: Int32 { get }
    /// The last that it has written.
    var lastLines: [String] { get }
    /// Names what the worker's output comes from.
    func setLabel(_ label: String?)
    /// Ends it at once.
    func kill()
    /// Ends it at once, and says why behind its last output.
    func kill(because reason: String)
}
