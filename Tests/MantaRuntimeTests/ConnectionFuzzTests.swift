import Distributed
import MantaCore
import MantaTestSupport
import MantaTransport
import MantaWire
import Testing

@testable import MantaRuntime

@Suite("fuzzing served connections", .timeLimit(.minutes(10)))
struct ConnectionFuzzTests {
    private func frame(_ head: FrameHead, _ body: [UInt8] = []) -> [UInt8] {
        let writer = ByteWriter()
        body.withUnsafeBytes { head.append(to: writer, body: $0) }
        return Array(writer.bytes)
    }

    private func call(
        _ actor: ActorID,
        _ method: UInt32,
        number: UInt32,
        token: CallToken? = nil,
        _ call: RecordedBytes
    ) -> [UInt8] {
        let writer = ByteWriter()
        writer.appendZeros(FrameHead.callByteCount + (token == nil ? 0 : CallToken.byteCount))
        call.body.withUnsafeBytes { writer.append($0) }
        CallHead(actor: actor, method: method, epoch: 0, remainingMilliseconds: 20_000).store(in: writer)
        token?.store(in: writer)
        FrameHead(
            .call,
            flags: token == nil ? .wantsStarted : [.wantsStarted, .hasToken],
            detail: UInt16(call.substitutionCount),
            number: number
        ).store(in: writer)
        return Array(writer.bytes)
    }

    /// Changes bytes of `frame`, its length field excepted, so that what follows it is read as it was meant.
    private func change(_ frame: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        var frame = frame
        for _ in 0...Int.random(in: 0...2, using: &random) {
            // Mostly behind the heads: a peer that breaks the protocol is cut off, and what follows is not read.
            let start = random.chance(percent: 90) ? min(FrameHead.callByteCount, frame.count - 1) : 4
            let index = Int.random(in: start..<frame.count, using: &random)
            if random.chance(percent: 50) {
                frame[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            } else {
                frame[index] =
                    [0, 1, 0x17, 0x18, 0x3F, 0x5F, 0x61, 0x7F, 0x9F, 0xBF, 0xF6, 0xFF].randomElement(
                        using: &random
                    ) ?? 0
            }
        }
        return frame
    }

    @Test(
        "whatever peers send, the process lives, calls of others go on, and nothing is left",
        arguments: DispatchMode.allCases,
        [1, 2] as [UInt64]
    )
    func fuzz(dispatch: DispatchMode, seed: UInt64) async throws {
        var random = SeededRandom(seed: seed)
        var limits = LinkLimits()
        limits.frameByteCount = 1 << 20
        try await withClusterPair(dispatch: dispatch, limits: limits) { pair in
            let resident = try await pair.spawn(Resident.self)
            let plain = try pair.make { Plain(actorSystem: $0) }
            let serial = try await pair.spawn(Resident.self, concurrency: .serial)
            let diary = try await resident.diary
            let methods = [
                try await RecordedBytes.of(Resident.self, in: pair.callee) { _ = try await $0.add(1, 2) },
                try await RecordedBytes.of(Resident.self, in: pair.callee) { try await $0.note(1) },
                try await RecordedBytes.of(Resident.self, in: pair.callee) {
                    _ = try await $0.echo(["key": [1.5, 2]])
                },
                try await RecordedBytes.of(Resident.self, in: pair.callee) {
                    _ = try await $0.count([1, 2, 3])
                },
                try await RecordedBytes.of(Resident.self, in: pair.callee) { _ = try await $0.hold(1) },
                try await RecordedBytes.of(Resident.self, in: pair.callee) { try await $0.fail(3) },
                try await RecordedBytes.of(Plain.self, in: pair.callee) { _ = try await $0.add(1, 2) },
                try await RecordedBytes.of(Resident.self, in: pair.callee) {
                    _ = try await $0.callBack(resident.remote, 1)
                },
            ]
            let names = methods.enumerated().map {
                frame(FrameHead(.name, number: UInt32($0)), Array($1.identifier.utf8))
            }
            let remote = resident.remote
            var (cutOff, served) = (0, 0)
            for round in 0..<60 {
                let peer = try await HostilePeer.connect(
                    to: pair.callee,
                    lane: UInt8.random(in: 0...255, using: &random),
                    process: UInt64(round) + 1_000
                )
                for bytes in names { peer.send(random.chance(percent: 2) ? change(bytes, &random) : bytes) }
                for number in 0..<40 as Range<UInt32> {
                    let method = Int.random(in: 0..<methods.count, using: &random)
                    let actors = [plain.local.id, serial.local.id, resident.local.id]
                    let actor = actors[min(2, Int.random(in: 0..<8, using: &random))]
                    var bytes =
                        switch Int.random(in: 0..<20, using: &random) {
                        case 0:
                            frame(FrameHead(.cancel, number: UInt32.random(in: 0...number, using: &random)))
                        case 1: frame(FrameHead(.started, number: number))
                        case 2: frame(FrameHead(.ping, number: number))
                        case 3 where random.chance(percent: 5):
                            frame(FrameHead(.reply, number: number), [0xF6])
                        case 4 where random.chance(percent: 10): random.bytes(50)
                        case 5, 6:
                            call(
                                actor,
                                UInt32(method),
                                number: number,
                                token: CallToken(
                                    caller: ProcessID(UInt64(round) + 1_000),
                                    sequence: UInt64.random(in: 0...8, using: &random)
                                ),
                                methods[method]
                            )
                        default: call(actor, UInt32(method), number: number, methods[method])
                        }
                    if random.chance(percent: 40), bytes.count > 4 { bytes = change(bytes, &random) }
                    peer.send(bytes)
                }
                peer.send(call(resident.local.id, 0, number: 1_000, methods[0]))
                try await eventually("an end of round \(round)") { peer.isCutOff || peer.hasReply(to: 1_000) }
                #expect(try await remote.add(round, 1) == round + 1, "seed \(seed)")
                if peer.isCutOff { cutOff += 1 }
                served += peer.frameCount
                await peer.end()
            }
            #expect(cutOff > 5 && served > 200, "\(cutOff) cut off, \(served) frames came back")
            diary.latch.open()
            try await serial.diary.latch.open()
            try await eventually("every call has ended") {
                pair.callee.openCallCount == 0 && pair.caller.openCallCount == 0
            }
            #expect(try await remote.add(1, 1) == 2)
            #expect(try await plain.remote.add(1, 1) == 2)
            #expect(try await serial.remote.add(1, 1) == 2)
        }
    }
}
