import MantaCore
import MantaRuntime
import MantaWire

extension SplitMix64 {
    mutating func chance(perMille share: Int) -> Bool {
        share > 0 && Int.random(in: 0..<1000, using: &self) < share
    }

    /// A time of this many microseconds, the short ones as likely as the long.
    mutating func duration(microseconds range: ClosedRange<Int64>) -> Duration {
        .microseconds(Int64.random(in: range, using: &self))
    }

    mutating func duration(milliseconds range: ClosedRange<Int64>) -> Duration {
        duration(microseconds: range.lowerBound * 1000...range.upperBound * 1000)
    }
}

extension RemoteFailure {
    /// What a simulated initialiser throws.
    static let simulated: RemoteFailure = {
        struct Fields: Codable {
            var typeName = "SimulatedError"
            var text = "thrown by the simulation"
            var isCancellation = false
        }
        do {
            return try CBOR.decode(RemoteFailure.self, from: CBOR.encode(Fields()))
        } catch {
            preconditionFailure("a remote failure has other fields than the simulation knows: \(error)")
        }
    }()
}
