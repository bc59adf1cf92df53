/// All that is needed to build an actor, in any process and again after a crash.
package struct ActorSpec: Hashable, Sendable, Codable {
    package var id: ActorID
    package var epoch: UInt32
    /// As the runtime looks it up in the worker's own executable.
    package var mangledTypeName: String
    /// As people read it.
    package var typeName: String
    /// The encoded `Arguments`.
    package var arguments: [UInt8]
    package var options: ActorOptions
    /// The job whose program it is built from; also of a detached one, which does not belong to it.
    package var job: ProcessID

    package init(
        id: ActorID,
        epoch: UInt32,
        mangledTypeName: String,
        typeName: String,
        arguments: [UInt8],
        options: ActorOptions,
        job: ProcessID
    ) {
        self.id = id
        self.epoch = epoch
        self.mangledTypeName = mangledTypeName
        self.typeName = typeName
        self.arguments = arguments
        self.options = options
        self.job = job
    }
}
