package import MantaCore

extension CallContext {
    /// The actor whose method or initialiser the current task runs, also in tasks that it has started.
    package static var currentActor: ActorKey? {
        if let hosted = current?.serving?.hosted { return ActorKey(hosted.id, epoch: hosted.epoch) }
        return ActorCreation.current.map { ActorKey($0.id, epoch: $0.epoch) }
    }

    /// Where the names count that the current task uses without saying so: in the namespace of the actor that it
    /// runs in.
    package static func namespace(in system: ClusterSystem) -> String {
        let ofActor = current?.serving.map { $0.hosted.namespace } ?? ActorCreation.current?.namespace
        return ofActor ?? system.options.namespace
    }
}
