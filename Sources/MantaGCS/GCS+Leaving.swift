internal import Distributed
package import MantaCore
internal import MantaRuntime
import MantaTransport

extension GCS {
    /// How long the actors of a driver that ends have to end in order.
    private static let leavingLimit = Duration.seconds(2)

    /// A driver ends in order: returns when the actors of its job have ended too, so that their names are free when the program
    /// is over. Whatever comes between, the job ends with the driver's link.
    package distributed func driverLeaves(_ driver: ProcessID) async throws {
        while true {
            // Again each time: one may have been on its way.
            try await stepDurably { $0.jobEnded(driver, within: Self.leavingLimit, now: Lane.now) }
            guard let actor = plane.directory.owned(by: .job(driver)).first else { break }
            await wait(for: .change(actor))
            try checkWaiting()
        }
        driverLeft(driver)
        try await committed()
    }
}
