import MantaCore
import MantaRaylet

/// A machine of the cluster, on which one raylet runs at a time.
struct Machine {
    let slot: Int
    let total: Resources
    let labels: [String: String]
    private(set) var life = 0
    /// `nil` between two lives.
    private(set) var raylet: SimulatedRaylet?
    var isFrozen = false
    /// What a frozen raylet will find when it goes on.
    var held: [Event] = []
    /// The network between it and the GCS loses everything.
    var isCut = false
    /// Of its link to the GCS; a new one after each loss.
    var session: UInt64 = 0
    var requests: [UInt64: RayletRequest.Body] = [:]
    var isAdmitted = false
    /// Requests of one link arrive in their order.
    var lastArrival = Moment(nanoseconds: 0)

    init(slot: Int, random: inout SplitMix64) {
        self.slot = slot
        var total: Resources = [.cpu: Quantity(Double(Int.random(in: 2...8, using: &random)))]
        if random.chance(perMille: 300) { total[.gpu] = 2 }
        self.total = total
        labels = ["zone": random.chance(perMille: 500) ? "a" : "b"]
    }

    var address: RayletAddress { RayletAddress(slot: slot, life: life) }

    func isRunning(_ address: RayletAddress) -> Bool { raylet != nil && address.life == life }

    /// Changes the raylet, if there is one.
    mutating func with(_ body: (inout SimulatedRaylet) -> Void) {
        // Taken out, so that it is changed where it is and not copied.
        guard var taken = raylet.take() else { return }
        body(&taken)
        raylet = taken
    }

    mutating func start(_ raylet: SimulatedRaylet) {
        self.raylet = raylet
        isAdmitted = false
        session += 1
    }

    mutating func stop() {
        raylet = nil
        life += 1
        isFrozen = false
        held = []
        requests = [:]
    }
}
