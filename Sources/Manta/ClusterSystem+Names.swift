public import Distributed
public import MantaCore
internal import MantaGCS
public import MantaRuntime

extension ClusterSystem {
    /// The actor of a name, spawned first if there is none.
    ///
    /// However many callers ask at once, in whatever processes, one actor is spawned, and all get it. The options are
    /// those of the caller that spawns it.
    ///
    /// - Throws: As `spawn`; `wrongType` when the name is that of an actor of another type; `invalidArgument` when
    ///   the options name another one.
    public func getOrSpawn<A: Spawnable>(
        _ type: A.Type,
        named name: String,
        _ arguments: A.Arguments,
        options: ActorOptions = ActorOptions()
    ) async throws -> A {
        guard options.name == nil || options.name == name else {
            throw ClusterError(
                .invalidArgument,
                "getOrSpawn of \"\(name)\" with options that name \"\(options.name ?? "")\"",
                hint: "leave the name out of the options"
            )
        }
        var options = options
        options.name = name
        let (request, held) = try spawnRequest(type, arguments, options)
        let qualified = QualifiedName(
            name,
            namespace: request.options.namespace ?? CallContext.namespace(in: self)
        )
        let client = try client()
        if let known = client.names[qualified] { return try reference(known, as: type, qualified) }
        let outcome = try await client.bounded("getOrSpawn of \(qualified)") {
            try await $0.getOrSpawn(request)
        }
        switch outcome {
        case .initFailed(let failure): throw failure.error(in: self)
        case .found(let found):
            let actor = try reference(found, as: type, qualified, client)
            // Who made it is not known here; at worst the objects are held for as long as an actor that others made.
            client.hold(held, for: actor.id)
            return actor
        }
    }

    /// The actor of a name, spawned without arguments if there is none.
    public func getOrSpawn<A: Spawnable>(
        _ type: A.Type,
        named name: String,
        options: ActorOptions = ActorOptions()
    ) async throws -> A where A.Arguments == NoArguments {
        try await getOrSpawn(type, named: name, NoArguments(), options: options)
    }

    /// The actor that has a name now.
    ///
    /// The first lookup asks the GCS; later ones are answered from memory until the name is given up, word of which
    /// takes a moment to come.
    ///
    /// - Parameters:
    ///   - type: The actor's type, or a stub of a `@Resolvable` protocol. Whether the actor has the protocol's methods is
    ///     not known before one is called, which fails with `noSuchMethod` if not.
    ///   - name: Its name.
    ///   - namespace: Where the name counts; `nil` is the namespace of the actor that asks, or of this program.
    /// - Returns: A reference; the actor may end at any time.
    /// - Throws: ``ClusterError``: `noSuchActor` when nobody has the name, `wrongType` when an actor of another type
    ///   has it.
    public func find<A: DistributedActor>(
        _ type: A.Type,
        named name: String,
        namespace: String? = nil
    ) async throws -> A where A.ActorSystem == ClusterSystem {
        let qualified = QualifiedName(name, namespace: namespace ?? CallContext.namespace(in: self))
        let client = try client()
        if let known = client.names[qualified] { return try reference(known, as: type, qualified) }
        let found = try await client.bounded("lookup of \(qualified)") { try await $0.find(qualified) }
        return try reference(found, as: type, qualified, client)
    }

    private func reference<A: DistributedActor>(
        _ found: FoundActor,
        as type: A.Type,
        _ name: QualifiedName,
        _ client: ClusterClient
    ) throws -> A where A.ActorSystem == ClusterSystem {
        var entry = NameCache.Entry(
            id: found.id,
            mangledTypeName: found.mangledTypeName,
            typeName: found.typeName
        )
        if let location = found.location { learn(found.id, at: location) }
        let actor = try reference(entry, as: type, name)
        entry.knownType = ObjectIdentifier(type)
        client.names.insert(entry, for: name, at: found.cursor)
        return actor
    }

    private func reference<A: DistributedActor>(
        _ entry: NameCache.Entry,
        as type: A.Type,
        _ name: QualifiedName
    ) throws -> A where A.ActorSystem == ClusterSystem {
        // A protocol's stub stands for an actor of any type that has its methods.
        guard
            entry.knownType == ObjectIdentifier(type) || TypeCatalog.isStub(type)
                || TypeCatalog.type(named: entry.mangledTypeName) == type
        else {
            throw ClusterError(
                .wrongType,
                "the name \(name) is that of \(entry.id), a \(entry.typeName), not a \(type)",
                hint: "look it up as \(entry.typeName)"
            )
        }
        return try A.resolve(id: entry.id, using: self)
    }
}
