import Foundation
package import Manta

extension ClusterConfiguration {
    /// For a program that has its workers killed: their deaths are no news, so only errors are logged, unless
    /// `MANTA_LOG_LEVEL` says otherwise.
    package var quiet: ClusterConfiguration {
        guard ProcessInfo.processInfo.environment["MANTA_LOG_LEVEL"] == nil else { return self }
        var configuration = self
        configuration.logLevel = .error
        return configuration
    }
}
