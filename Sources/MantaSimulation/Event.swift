import MantaCore
import MantaGCS

/// Something that happens at a time.
enum Event {
    /// The timer of the GCS.
    case alarm
    /// A request of a raylet reaches the GCS.
    case requestToGCS(RayletRequest)
    /// Its answer reaches the raylet.
    case answerToRaylet(RayletAddress, request: UInt64, RequestAnswer)
    /// It was not answered, or its link was lost.
    case requestFailed(RayletAddress, request: UInt64)
    /// A call of the GCS reaches a raylet.
    case callToRaylet(RayletAddress, RayletCall)
    /// Its answer reaches the GCS.
    case answerToGCS(call: UInt64, RayletAnswer)
    /// It was not answered, or its link was lost.
    case callFailed(call: UInt64)
    /// Nobody is where a probe went.
    case probeRefused(call: UInt64)
    case linkLostAtGCS(NodeID, session: UInt64)
    case linkLostAtRaylet(RayletAddress, session: UInt64)
    /// Something inside a raylet, or between it and its workers.
    case raylet(RayletAddress, RayletEvent)
    /// Something that reaches, or happens in, a worker.
    case worker(RayletAddress, ProcessID, WorkerEvent)
    case clientCall(ClientCall)
    case clientCancels(call: UInt64)
    case clientAnswer(ClientCall, ClientAnswer)
    case clientTimeout(call: UInt64)
    /// A question that waits for news is answered without.
    case pollTimeout(call: UInt64)
    case poll(Int)
    case feedPoll(Int)
    case fault
    case work
    case driverEnds(Int)
    case thaw(Int)
    case heal(Int)
    case rayletStarts(Int)
    /// A batch of decisions is durable.
    case written(UInt64)
    /// The head is started again.
    case headStarts
    case driverJoins(Int)
    case end

    /// For the digest.
    var tag: UInt64 {
        switch self {
        case .alarm: 1
        case .requestToGCS(let request): 2 ^ request.number << 8
        case .answerToRaylet(_, let request, _): 3 ^ request << 8
        case .requestFailed(_, let request): 4 ^ request << 8
        case .callToRaylet(_, let call): 5 ^ call.number << 8
        case .answerToGCS(let call, _): 6 ^ call << 8
        case .callFailed(let call): 7 ^ call << 8
        case .probeRefused(let call): 8 ^ call << 8
        case .linkLostAtGCS(let node, _): 9 ^ node.rawValue << 8
        case .linkLostAtRaylet(let raylet, _): 10 ^ UInt64(raylet.slot) << 8
        case .raylet(let raylet, _): 11 ^ UInt64(raylet.slot) << 8
        case .worker(_, let worker, _): 12 ^ worker.rawValue << 8
        case .clientCall(let call): 13 ^ call.number << 8
        case .clientCancels(let call): 14 ^ call << 8
        case .clientAnswer(let call, _): 15 ^ call.number << 8
        case .clientTimeout(let call): 16 ^ call << 8
        case .pollTimeout(let call): 17 ^ call << 8
        case .poll(let watcher): 18 ^ UInt64(watcher) << 8
        case .feedPoll(let finder): 19 ^ UInt64(finder) << 8
        case .fault: 20
        case .work: 21
        case .driverEnds(let driver): 22 ^ UInt64(driver) << 8
        case .thaw(let slot): 23 ^ UInt64(slot) << 8
        case .heal(let slot): 24 ^ UInt64(slot) << 8
        case .rayletStarts(let slot): 25 ^ UInt64(slot) << 8
        case .end: 26
        case .written(let number): 27 ^ number << 8
        case .headStarts: 28
        case .driverJoins(let driver): 29 ^ UInt64(driver) << 8
        }
    }
}
