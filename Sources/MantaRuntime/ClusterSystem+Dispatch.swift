internal import Distributed
internal import Logging
import MantaCore
import MantaWire

/// Running a method of an actor that lives here.
extension ClusterSystem {
    /// Runs `method` and appends its encoded result to `writer`.
    ///
    /// - Returns: What the method threw, or a `CallFailure`; `nil` when `writer` holds the result.
    @inline(__always)
    nonisolated(nonsending) func run(
        _ method: ServedMethod,
        on actor: any DistributedActor,
        _ decoder: inout CallDecoder,
        into writer: ByteWriter
    ) async -> (any Error)? {
        usesCachedDispatch
            ? await runCached(method, on: actor, &decoder, into: writer)
            : await runStandard(method, on: actor, &decoder, into: writer)
    }

    /// Swift's public way.
    nonisolated(nonsending) func runStandard(
        _ method: ServedMethod,
        on actor: any DistributedActor,
        _ decoder: inout CallDecoder,
        into writer: ByteWriter
    ) async -> (any Error)? {
        let result = CallResult(writer: writer, system: self)
        do {
            try await execute(method.identifier, on: actor, &decoder, result)
            return result.error
        } catch let failure as CallFailure {
            return failure
        } catch {
            // What the method throws goes to `result`: this is why the runtime did not run it.
            return CallFailure.argument(error)
        }
    }

    /// With the method's types looked up once: see `TargetEntry`.
    @inline(__always)
    nonisolated(nonsending) func runCached(
        _ method: ServedMethod,
        on actor: any DistributedActor,
        _ decoder: inout CallDecoder,
        into writer: ByteWriter
    ) async -> (any Error)? {
        guard let entry = method.entry(decoder.substitutions) else {
            return CallFailure.argument(
                ClusterError(.undecodable, "its types cannot be found for \(decoder.substitutions)")
            )
        }
        do {
            try await entry.run(on: actor, method.utf8, &decoder, into: writer, system: self)
            return nil
        } catch {
            return error
        }
    }

    private nonisolated(nonsending) func execute(
        _ identifier: String,
        on actor: some DistributedActor,
        _ decoder: inout CallDecoder,
        _ result: CallResult
    ) async throws {
        try await executeDistributedTarget(
            on: actor,
            target: RemoteCallTarget(identifier),
            invocationDecoder: &decoder,
            handler: result
        )
    }

    /// Takes cached dispatch into use if it is asked for and passes its test. Before the process serves its
    /// first call.
    package func chooseDispatch() async {
        await TaskTree.learn()
        guard options.dispatch == .cached else { return }
        if let difference = await DispatchSelfTest.difference(in: self) {
            logger.warning(
                "cached dispatch does not work with this Swift runtime; using the slower public way",
                metadata: ["difference": "\(difference)"]
            )
        } else {
            useCachedDispatch()
        }
    }
}
