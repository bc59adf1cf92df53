import MantaCore
import MantaGCS

/// One life of a raylet: the machine that it runs on, and which of its lives.
struct RayletAddress: Hashable {
    var slot: Int
    var life: Int
}

/// What a raylet asks of the GCS. It is sent over a session of its link: what comes over one that was lost is dropped.
struct RayletRequest {
    enum Body {
        case register(NodeRegistration)
        case processJoined(ProcessRecord)
        case processLeft(ProcessID, DeathCause, [ActorKey])
    }

    var raylet: RayletAddress
    var node: NodeID
    var session: UInt64
    var number: UInt64
    /// Which life of the head it is sent to.
    var headLife: Int
    var body: Body
}

enum RequestAnswer {
    case admission(NodeAdmission)
    case done
    /// The GCS has thrown an error.
    case refused
}

/// What the GCS calls at a raylet.
struct RayletCall {
    enum Body {
        case instruction(Instruction)
        case probe
    }

    var number: UInt64
    var body: Body
}

enum RayletAnswer {
    case creation(CreationAnswer)
    /// The end or stop was carried out, or the probe has found it.
    case done
}
