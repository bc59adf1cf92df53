package import Logging
internal import MantaCore
import Synchronization

/// Logs connections that were refused. Whoever connects without end does not fill the disk: see ``LogAllowance``.
package final class RefusalLog: Sendable {
    private let logger: Logger
    private let allowance: Mutex<LogAllowance>

    package init(_ logger: Logger) {
        self.logger = logger
        allowance = Mutex(LogAllowance(now: Lane.now))
    }

    /// - Parameters:
    ///   - reason: Why, and who it was.
    ///   - what: What for.
    package func refused(_ reason: String, _ what: String = "connection") {
        guard let withheld = allowance.withLock({ $0.take(now: Lane.now) }) else { return }
        var metadata: Logger.Metadata = ["reason": "\(reason)"]
        if withheld > 0 { metadata["not logged before"] = "\(withheld)" }
        logger.warning("refused a \(what)", metadata: metadata)
    }
}
