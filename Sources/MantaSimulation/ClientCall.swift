import MantaCore
import MantaGCS

/// What a driver or a worker asks of the GCS.
struct ClientCall {
    enum Body {
        case spawn(SpawnRequest)
        case getOrSpawn(SpawnRequest)
        case find(QualifiedName)
        case kill(ActorID, restart: Bool)
        case stop(ActorID, within: Duration)
        case lifecycle(ActorID, after: Int?)
        case news(after: UInt64?)
    }

    var number: UInt64
    /// The driver whose link it comes over; `nil` for one that comes from a worker.
    var driver: Int?
    /// Who waits for the answer, if it is a watcher or one who looks up names.
    var asker: Int?
    var body: Body
}

enum ClientAnswer {
    case created(ActorID)
    case found(ActorID, cursor: UInt64)
    case done
    case lifecycle(LifecycleNews)
    case news(Feed.News)
    case failed(ClusterError)
    case cancelled
}

/// A call that the GCS has not answered.
struct ServedCall {
    var call: ClientCall
    /// What it waits for.
    var key: WaitKey?
    /// The spawn that ends when its caller gives up.
    var ownSpawn: ActorID?
    /// The newest incarnation that a kill has ended.
    var killed: ActorKey?
    var isLate = false
}

enum WaitKey: Hashable {
    case settled(ActorID)
    case change(ActorID)
    case release(ActorKey)
    case news
}

extension ClientCall.Body {
    var summary: String {
        switch self {
        case .spawn(let request): "spawn \(request.options.summary)"
        case .getOrSpawn(let request): "getOrSpawn \(request.options.summary)"
        case .find(let name): "find \(name)"
        case .kill(let id, let restart): "kill \(id)\(restart ? " with restart" : "")"
        case .stop(let id, within: let limit): "stop \(id) within \(limit)"
        case .lifecycle(let id, let seen): "lifecycle of \(id) after \(seen.map { "\($0)" } ?? "nothing")"
        case .news(let cursor): "news after \(cursor.map { "\($0)" } ?? "nothing")"
        }
    }
}

extension ActorOptions {
    var summary: String {
        "\(name ?? "-") \(resources) \(isolation) \(lifetime) \(restarts) \(placement)"
    }
}
