/// Identifies an actor of the cluster, wherever it runs and however often it is restarted.
///
/// The scope says who made the identifier and so who knows where the actor is: the directory, for an actor
/// that was spawned; a process, for one that its own code created; or the system, for the control plane.
public struct ActorID: Hashable, Sendable, Codable, CustomStringConvertible {
    /// What the low half counts within: see the three kinds below.
    package var scope: UInt64
    package var number: UInt64

    package init(scope: UInt64, number: UInt64) {
        self.scope = scope
        self.number = number
    }

    public init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        scope = try container.decode(UInt64.self)
        number = try container.decode(UInt64.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        try container.encode(scope)
        try container.encode(number)
    }

    public var description: String {
        switch kind {
        case .system: "system-\(number & Self.numberMask)@\(ProcessID(scope))"
        case .spawned: "actor-\(number & ~Self.ownLaneBit)"
        case .local(let process): "local-\((number & Self.numberMask) >> Self.laneBits)@\(process)"
        }
    }
}

extension ActorID {
    /// Who made the identifier.
    package enum Kind: Hashable, Sendable {
        /// A part of the control plane, in the process that `scope` names, or wherever the GCS is for scope
        /// 0.
        case system
        /// Registered in the directory.
        case spawned
        /// Created by the code of a process, known to nobody else.
        case local(ProcessID)
    }

    /// The top two bits of `number`.
    package var kind: Kind {
        switch number >> 62 {
        case 0: .spawned
        case 1: .local(ProcessID(scope))
        default: .system
        }
    }

    private static let laneBits: UInt64 = 8
    /// Leaves out the two bits that say the kind.
    private static let numberMask: UInt64 = 1 << 62 - 1

    private static let ownLaneBit: UInt64 = 1 << 61

    /// An actor in the directory of the cluster that `cluster` names.
    ///
    /// Whether it has a lane of its own is written in it: an actor's executor may look at nothing but the
    /// identifier.
    package static func spawned(_ number: UInt64, cluster: UInt64, hasOwnLane: Bool = false) -> ActorID {
        ActorID(scope: cluster, number: number | (hasOwnLane ? ownLaneBit : 0))
    }

    package var hasOwnLane: Bool { number >> 61 == 1 }

    /// Of a spawned actor: how many the directory had numbered before it, plus one.
    package var serial: UInt64 { number & ~Self.ownLaneBit }

    /// The `serial`th actor that `process` created by itself; it is called over the link to `lane`.
    package static func local(_ serial: UInt64, lane: UInt8, process: ProcessID) -> ActorID {
        ActorID(scope: process.rawValue, number: 1 << 62 | serial << laneBits | UInt64(lane))
    }

    /// A part of the control plane with a well-known number.
    package static func system(_ number: UInt64, process: ProcessID) -> ActorID {
        ActorID(scope: process.rawValue, number: 1 << 63 | number)
    }

    /// The lane in the identifier of a local actor.
    package var localLane: UInt8 { UInt8(truncatingIfNeeded: number) }
}
