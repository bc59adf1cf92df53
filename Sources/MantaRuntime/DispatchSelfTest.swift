internal import Distributed
import MantaCore
import MantaTransport
import MantaWire

/// Runs methods of a probe in both ways of dispatch, and compares what comes of them.
enum DispatchSelfTest {
    /// What differs; `nil` when nothing does.
    static func difference(in system: ClusterSystem) async -> String? {
        do {
            let probe = ActorCreation(DispatchProbe.self, id: probeID(1, system), epoch: 0, label: "probe")
                .makeNow {
                    DispatchProbe(actorSystem: system)
                }
            defer { _ = system.hosted.remove(probe.id) }
            for call in try await recordedCalls(system) {
                let cached = await run(call, on: probe, system, system.runCached)
                let standard = await run(call, on: probe, system, system.runStandard)
                guard cached == standard else {
                    return "\(call.method.name.readable): \(cached) and \(standard)"
                }
            }
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// The identity of the proxy whose calls are recorded instead of sent.
    static func isRecorder(_ id: ActorID) -> Bool {
        id.kind == .system && id.number & 0xFFFF == recorderNumber
    }

    private static let recorderNumber: UInt64 = 0x7E57

    private static func probeID(_ number: UInt64, _ system: ClusterSystem) -> ActorID {
        .system(recorderNumber + number, process: system.process)
    }

    /// A call as it would have been sent; thrown to whoever made it.
    struct RecordedCall: Error, @unchecked Sendable {
        // Unchecked: nobody else has the method or the buffer, which does not change.
        let method: ServedMethod
        let body: FrameBuffer
        let substitutionCount: Int

        init?(_ identifier: String, _ invocation: CallEncoder) {
            guard let method = ServedMethod.named(identifier) else { return nil }
            self.method = method
            body = FrameBuffer(copying: invocation.writer.bytes)
            substitutionCount = invocation.substitutions.count
        }
    }

    private static func recordedCalls(_ system: ClusterSystem) async throws -> [RecordedCall] {
        let recorder = try DispatchProbe.resolve(id: probeID(0, system), using: system)
        return [
            try await record { _ = try await recorder.join(1, "two", [3, 4.5]) },
            try await record { _ = try await recorder.wrap("generic", times: 3) },
            try await record { try await recorder.fail(7) },
            try await record { try await recorder.nothing() },
            try await record { _ = try await recorder.state },
        ]
    }

    private static func record(_ call: () async throws -> Void) async throws -> RecordedCall {
        do {
            try await call()
        } catch let call as RecordedCall {
            return call
        }
        throw ClusterError(.noSuchMethod, "the probe's call was not recorded")
    }

    private typealias Run = (ServedMethod, any DistributedActor, inout CallDecoder, ByteWriter) async -> (
        any Error
    )?

    private static func run(
        _ call: RecordedCall,
        on probe: DispatchProbe,
        _ system: ClusterSystem,
        _ run: Run
    ) async -> String {
        let writer = ByteWriter()
        do {
            var decoder = try CallDecoder(
                call.body,
                offset: FrameHead.callByteCount,
                substitutionCount: call.substitutionCount,
                system: system
            )
            if let error = await run(call.method, probe, &decoder, writer) { return "threw \(error)" }
        } catch {
            return "\(error)"
        }
        return "\(Array(writer.bytes))"
    }
}

/// Has one method for each kind of signature that dispatch treats differently.
distributed actor DispatchProbe: ControlActor {
    typealias ActorSystem = ClusterSystem

    struct Failure: Error, Codable, Equatable { var number: Int }

    distributed func join(_ a: Int, _ b: String, _ c: [Double]) -> String { "\(a) \(b) \(c)" }
    distributed func wrap<T: Codable & Sendable>(_ value: T, times: Int) -> [T] {
        Array(repeating: value, count: times)
    }
    distributed func fail(_ number: Int) throws { throw Failure(number: number) }
    distributed func nothing() {}
    distributed var state: [String: Int] { ["probe": 1] }
}
