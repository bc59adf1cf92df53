package import MantaCore

extension CallContext {
    /// The actor whose method or initialiser the current task runs, also in tasks that it has started.
    package static var currentActor: ActorKey? {
        if let hosted = current?.serving?.hosted { return ActorKey(hosted.id, epoch: hosted.epoch) }
        return ActorCreation.current.map { ActorKey($0.id, epoch: $0.epoch) }
    }
}
