import Distributed
import MantaCore
import MantaTestSupport
import MantaTransport
import MantaWire
import Testing

@testable import MantaRuntime

/// Frames that no honest process sends, to a process that serves others at the same time.
@Suite("hostile frames", .timeLimit(.minutes(10)))
struct HostileFrameTests {
    @Test("a peer that sends a proper call is served", arguments: DispatchMode.allCases)
    func proper(dispatch: DispatchMode) async throws {
        try await withHostilePeer(dispatch: dispatch) { pair, peer in
            let resident = try await pair.spawn(Resident.self)
            let add = try await RecordedBytes.of(Resident.self, in: pair.callee) {
                _ = try await $0.add(20, 22)
            }
            #expect(try await peer.value(of: peer.call(resident.local.id, add)) == 42)
            let echo = try await RecordedBytes.of(Resident.self, in: pair.callee) {
                _ = try await $0.echo("x")
            }
            #expect(echo.substitutionCount == 1)
            #expect(try await peer.value(of: peer.call(resident.local.id, echo)) == "x")
        }
    }

    enum Breach: CaseIterable, Sendable {
        case unnamedMethod, unnamedMethodAtTheEnd, hugeMethodNumber, replyToUnknownCall, unknownReplyStatus
        case shortCall, shortToken, foreignToken, secondHello, welcome, reject, duplicateCall, unknownKind,
            hugeFrame
    }

    @Test("a peer that breaks the protocol is cut off; calls of others go on", arguments: Breach.allCases)
    func breach(_ breach: Breach) async throws {
        try await withHostilePeer(dispatch: .fastestKnown) { pair, peer in
            let resident = try await pair.spawn(Resident.self)
            let diary = try await resident.diary
            let held = Task { try await resident.remote.hold(1) }
            try await eventually { diary.entries == ["1"] }
            let id = resident.local.id
            switch breach {
            case .unnamedMethod: peer.call(id, 0)
            case .unnamedMethodAtTheEnd: peer.call(id, .max)
            case .hugeMethodNumber: peer.send(FrameHead(.name, number: .max), Array("$s1mTE".utf8))
            case .replyToUnknownCall: peer.send(FrameHead(.reply, number: 5), [0])
            case .unknownReplyStatus: peer.send(FrameHead(.reply, detail: 3, number: 0), [0])
            case .shortCall: peer.send(FrameHead(.call, number: 1), [UInt8](repeating: 0, count: 27))
            case .shortToken:
                let head = FrameHead(.call, flags: .hasToken, number: 1)
                peer.send(head, [UInt8](repeating: 0, count: 28 + 15))
            case .foreignToken: peer.call(id, 0, token: CallToken(caller: pair.caller.process, sequence: 1))
            case .secondHello: peer.send(FrameHead(.hello, detail: 1))
            case .welcome: peer.send(FrameHead(.welcome, detail: 1))
            case .reject: peer.send(FrameHead(.reject, detail: 1))
            case .duplicateCall:
                let hold = try await RecordedBytes.of(Resident.self, in: pair.callee) {
                    _ = try await $0.hold(2)
                }
                let method = peer.name(hold.identifier)
                peer.call(id, method, number: 9, hold.body)
                peer.call(id, method, number: 9, hold.body)
            case .unknownKind: peer.send([8, 0, 0, 0, 77, 0, 0, 0, 0, 0, 0, 0])
            case .hugeFrame: peer.send([0xFF, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0, 0, 0, 0, 0])
            }
            try await eventually { peer.isCutOff }
            #expect(try await resident.remote.add(1, 1) == 2)
            diary.latch.open()
            let number = try await held.value
            #expect(number == 1)
            let again = try await HostilePeer.connect(to: pair.callee)
            await again.end()
        }
    }

    @Test("flags of a call that nobody knows are ignored", arguments: DispatchMode.allCases)
    func unknownFlags(dispatch: DispatchMode) async throws {
        try await withHostilePeer(dispatch: dispatch) { pair, peer in
            let resident = try await pair.spawn(Resident.self)
            let add = try await RecordedBytes.of(Resident.self, in: pair.callee) {
                _ = try await $0.add(1, 2)
            }
            let method = peer.name(add.identifier)
            for flags in [0x80, 0x78, 0xFC] as [UInt8] {
                let number = peer.call(
                    resident.local.id,
                    method,
                    flags: FrameFlags(rawValue: flags),
                    add.body
                )
                #expect(try await peer.value(of: number) == 3)
            }
            let token = CallToken(caller: ProcessID(0xBAD), sequence: 1)
            let all = FrameFlags(rawValue: 0xFF)
            let number = peer.call(resident.local.id, method, flags: all, token: token, add.body)
            #expect(try await peer.value(of: number) == 3)
            #expect(!peer.isCutOff)
        }
    }

    @Test("a call that comes again with the same token, running or done, runs once, and each has its reply")
    func sameToken() async throws {
        try await withHostilePeer(dispatch: .fastestKnown) { pair, peer in
            let resident = try await pair.spawn(Resident.self)
            let diary = try await resident.diary
            let hold = try await RecordedBytes.of(Resident.self, in: pair.callee) { _ = try await $0.hold(7) }
            let method = peer.name(hold.identifier)
            let token = CallToken(caller: ProcessID(0xBAD), sequence: 1)
            let first = (0..<3).map { _ in peer.call(resident.local.id, method, token: token, hold.body) }
            try await eventually { diary.entries == ["7"] }
            diary.latch.open()
            for number in first { #expect(try await peer.value(of: number) == 7) }
            let later = peer.call(resident.local.id, method, token: token, hold.body)
            #expect(try await peer.value(of: later) == 7)
            #expect(diary.entries == ["7"])
            let other = CallToken(caller: ProcessID(0xBAD), sequence: 2)
            let second = peer.call(resident.local.id, method, token: other, hold.body)
            #expect(try await peer.value(of: second) == 7)
            #expect(diary.entries == ["7", "7"])
            try await eventually { pair.callee.openCallCount == 0 }
        }
    }

    @Test("frames about calls that are not open are dropped", arguments: [FrameKind.cancel, .started, .pong])
    func aboutNothing(kind: FrameKind) async throws {
        try await withHostilePeer(dispatch: .fastestKnown) { pair, peer in
            let resident = try await pair.spawn(Resident.self)
            for number in [0, 1, 1_000_000, .max] as [UInt32] {
                peer.send(FrameHead(kind, number: number), [1, 2, 3])
            }
            let add = try await RecordedBytes.of(Resident.self, in: pair.callee) {
                _ = try await $0.add(1, 2)
            }
            #expect(try await peer.value(of: peer.call(resident.local.id, add)) == 3)
            #expect(!peer.isCutOff)
        }
    }

    @Test("a method of another actor's type is refused and does not run", arguments: DispatchMode.allCases)
    func otherType(dispatch: DispatchMode) async throws {
        try await withHostilePeer(dispatch: dispatch) { pair, peer in
            let stranger = try await pair.spawn(Stranger.self)
            let resident = try await pair.spawn(Resident.self)
            let plain = try pair.make { Plain(actorSystem: $0) }
            let note = try await RecordedBytes.of(Resident.self, in: pair.callee) { try await $0.note(1) }
            let add = try await RecordedBytes.of(Resident.self, in: pair.callee) {
                _ = try await $0.add(1, 2)
            }
            let reveal = try await RecordedBytes.of(Stranger.self, in: pair.callee) {
                _ = try await $0.reveal()
            }
            for (actor, call) in [
                (stranger.local.id, note), (stranger.local.id, add), (plain.local.id, note),
                (plain.local.id, add),
                (resident.local.id, reveal),
            ] {
                let error = try await peer.refusal(of: peer.call(actor, call))
                #expect(error.code == .noSuchMethod)
                #expect(error.outcome == .notExecuted)
            }
            #expect(try await resident.diary.entries == [])
            #expect(try await plain.diary.entries == [])
            // After a call of the right type, which is remembered, too.
            #expect(try await peer.value(of: peer.call(resident.local.id, add)) == 3)
            #expect(try await peer.refusal(of: peer.call(stranger.local.id, add)).code == .noSuchMethod)
            #expect(try await stranger.remote.add(0, 0) == -1)
        }
    }

    @Test("a method that the program does not have is refused by its name", arguments: DispatchMode.allCases)
    func unknownMethod(dispatch: DispatchMode) async throws {
        try await withHostilePeer(dispatch: dispatch) { pair, peer in
            let resident = try await pair.spawn(Resident.self)
            for name in [
                "", "garbage", "\u{0}", "$s1m3GenC3fooyyxYaKFTE",
                "$s17MantaRuntimeTests8ResidentC7missingyyYaKFTE",
                "$s1m6$GreetC5helloySSSiYaKFTE", String(repeating: "$sTE", count: 1_000),
            ] {
                let error = try await peer.refusal(of: peer.call(resident.local.id, peer.name(name)))
                #expect(error.code == .noSuchMethod)
                #expect(error.outcome == .notExecuted)
            }
            let named = try await peer.refusal(
                of: peer.call(resident.local.id, peer.name("$s1m3GenC3fooyyxYaKFTE"))
            )
            #expect(named.message.contains("Gen.foo(_:)"))
            #expect(try await resident.remote.add(1, 1) == 2)
        }
    }

    @Test(
        "a method's name may be sent again under the same number, and then counts",
        arguments: DispatchMode.allCases
    )
    func renamed(dispatch: DispatchMode) async throws {
        try await withHostilePeer(dispatch: dispatch) { pair, peer in
            let resident = try await pair.spawn(Resident.self)
            let add = try await RecordedBytes.of(Resident.self, in: pair.callee) {
                _ = try await $0.add(1, 2)
            }
            peer.send(FrameHead(.name, number: 50), Array("nothing".utf8))
            #expect(
                try await peer.refusal(of: peer.call(resident.local.id, 50, add.body)).code == .noSuchMethod
            )
            peer.send(FrameHead(.name, number: 50), Array(add.identifier.utf8))
            #expect(try await peer.value(of: peer.call(resident.local.id, 50, add.body)) == 3)
        }
    }

    @Test(
        "arguments that cannot be decoded are refused, and the method does not run",
        arguments: DispatchMode.allCases
    )
    func undecodable(dispatch: DispatchMode) async throws {
        try await withHostilePeer(dispatch: dispatch) { pair, peer in
            let resident = try await pair.spawn(Resident.self)
            let note = try await RecordedBytes.of(Resident.self, in: pair.callee) { try await $0.note(1) }
            let method = peer.name(note.identifier)
            for body in [
                [], [0x61, 0x61], [0x1B, 0xFF], [0xFF], [0x9F, 0x9F, 0x9F],
                [0xFB, 0x3F, 0xF8, 0, 0, 0, 0, 0, 0], [0xF6],
                [UInt8](repeating: 0x81, count: 5_000),
                [0x5B, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
                [0x1B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            ] as [[UInt8]] {
                let error = try await peer.refusal(of: peer.call(resident.local.id, method, body))
                #expect(error.code == .undecodable, "\(body.prefix(10)): \(error)")
                #expect(error.outcome == .notExecuted, "\(body.prefix(10)): \(error)")
            }
            #expect(try await resident.diary.entries == [])
            #expect(
                try await peer.reply(to: peer.call(resident.local.id, method, note.body)).status == .value
            )
            #expect(try await resident.diary.entries == ["1"])
        }
    }

    @Test("an actor that is not here, or is gone, is refused", arguments: DispatchMode.allCases)
    func noActor(dispatch: DispatchMode) async throws {
        try await withHostilePeer(dispatch: dispatch) { pair, peer in
            let add = try await RecordedBytes.of(Resident.self, in: pair.callee) {
                _ = try await $0.add(1, 2)
            }
            let method = peer.name(add.identifier)
            let resident = try await pair.spawn(Resident.self, epoch: 5)
            #expect(try await peer.value(of: peer.call(resident.local.id, method, epoch: 5, add.body)) == 3)
            for (id, epoch, code) in [
                (ActorID.spawned(99_999, cluster: 1), 0, ClusterError.Code.noSuchActor),
                (.local(99_999, lane: 0, process: pair.callee.process), 0, .actorDied(.released)),
                (.local(1, lane: 0, process: ProcessID(0xE)), 0, .noSuchActor),
                (.system(4, process: pair.callee.process), 0, .noSuchActor),
                (resident.local.id, 4, .noSuchActor),
                (resident.local.id, 6, .noSuchActor),
            ] as [(ActorID, UInt32, ClusterError.Code)] {
                let error = try await peer.refusal(of: peer.call(id, method, epoch: epoch, add.body))
                #expect(error.code == code, "\(id)")
                #expect(error.outcome == .notExecuted)
            }
        }
    }

    // MARK: Generic parameters

    /// The text of a mangled type name as a generic substitution.
    private func text(_ name: String) throws -> [UInt8] { try CBOR.encode(name) }

    @Test(
        "generic parameters that are too few, unknown or of the wrong kind are refused",
        arguments: DispatchMode.allCases
    )
    func substitutions(dispatch: DispatchMode) async throws {
        try await withHostilePeer(dispatch: dispatch) { pair, peer in
            let resident = try await pair.spawn(Resident.self)
            let echo = try await RecordedBytes.of(Resident.self, in: pair.callee) {
                _ = try await $0.echo("x")
            }
            let couple = try await RecordedBytes.of(Resident.self, in: pair.callee) {
                _ = try await $0.pair(1, "x")
            }
            let (string, int) = (try text("SS"), try text("Si"))
            let argument = try CBOR.encode("x")
            let wrong: [(RecordedBytes, Int, [UInt8])] = [
                (echo, 0, argument),  // too few
                (echo, 1, argument),  // the argument is taken for the name of a type
                (echo, 65_535, string + argument),
                (echo, 1, try text("17MantaRuntimeTests7MissingV") + argument),
                (echo, 1, try text("yyc") + argument),  // a function: not Codable
                (echo, 1, try text("ypXp") + argument),
                (echo, 1, try text("s5Error_p") + argument),
                (echo, 1, [0x01] + argument),  // no text
                (couple, 0, [1] + argument),
            ]
            for (call, count, body) in wrong {
                let number = peer.call(
                    resident.local.id,
                    peer.name(call.identifier),
                    substitutionCount: count,
                    body
                )
                let error = try await peer.refusal(of: number)
                #expect(error.code == .undecodable, "\(count) substitutions: \(error)")
                #expect(error.outcome == .notExecuted, "\(count) substitutions: \(error)")
            }
            #expect(try await resident.diary.entries == [])
            // Those that are too many do no harm.
            let add = try await RecordedBytes.of(Resident.self, in: pair.callee) {
                _ = try await $0.add(1, 2)
            }
            for (call, count, body) in [
                (add, 1, int + add.body), (echo, 2, string + string + argument),
                (couple, 3, int + string + int + [1] + argument),
            ] {
                let number = peer.call(
                    resident.local.id,
                    peer.name(call.identifier),
                    substitutionCount: count,
                    body
                )
                let reply = try await peer.reply(to: number)
                #expect(reply.status == .value || reply.status == .failed)
            }
            #expect(try await resident.remote.echo(5) == 5)
        }
    }

    @Test(
        "a generic method that needs two types does not run with one",
        arguments: DispatchMode.allCases
    )
    func tooFew(dispatch: DispatchMode) async throws {
        try await withHostilePeer(dispatch: dispatch) { pair, peer in
            let resident = try await pair.spawn(Resident.self)
            let couple = try await RecordedBytes.of(Resident.self, in: pair.callee) {
                _ = try await $0.pair(1, "x")
            }
            let body = try text("Si") + [1] + CBOR.encode("x")
            let number = peer.call(
                resident.local.id,
                peer.name(couple.identifier),
                substitutionCount: 1,
                body
            )
            let error = try await peer.refusal(of: number)
            #expect(error.code == .noSuchMethod || error.code == .undecodable, "\(error)")
            #expect(error.outcome == .notExecuted)
        }
    }

    @Test(
        "a method of a generic actor runs only with the actor's own generic arguments",
        arguments: DispatchMode.allCases
    )
    func otherArguments(dispatch: DispatchMode) async throws {
        try await withHostilePeer(dispatch: dispatch) { pair, peer in
            let box = try pair.make { Box(7, actorSystem: $0) }
            let diary = try #require(await box.local.whenLocal { $0.diary })
            let put = try await RecordedBytes.of(Box<String>.self, in: pair.callee) {
                try await $0.put("not a number")
            }
            let get = try await RecordedBytes.of(Box<[String: [Int]]>.self, in: pair.callee) {
                _ = try await $0.get()
            }
            for call in [put, get] {
                let error = try await peer.refusal(of: peer.call(box.local.id, call))
                #expect(error.code == .noSuchMethod || error.code == .undecodable, "\(error)")
                #expect(error.outcome == .notExecuted)
            }
            #expect(diary.entries == [])
            #expect(try await box.remote.get() == 7)
        }
    }

    @Test(
        "a method in a constrained extension runs only on an actor that fits it",
        arguments: DispatchMode.allCases
    )
    func constrained(dispatch: DispatchMode) async throws {
        try await withHostilePeer(dispatch: dispatch) { pair, peer in
            let box = try pair.make { Box("text", actorSystem: $0) }
            let diary = try #require(await box.local.whenLocal { $0.diary })
            let double = try await RecordedBytes.of(Box<Int>.self, in: pair.callee) {
                _ = try await $0.double()
            }
            let error = try await peer.refusal(of: peer.call(box.local.id, double))
            #expect(error.code == .noSuchMethod || error.code == .undecodable, "\(error)")
            #expect(error.outcome == .notExecuted)
            #expect(diary.entries == [])
            #expect(try await box.remote.get() == "text")
        }
    }
}
