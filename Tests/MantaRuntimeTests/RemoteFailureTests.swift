import MantaCore
import MantaWire
import Testing

@testable import MantaRuntime

private struct Hidden: Error, Codable { var number: Int }

/// Its own encoding throws.
struct Unwritable: Error, Codable {
    func encode(to encoder: any Encoder) throws { throw CancellationError() }
}

enum Choice: Error, Codable, Equatable {
    case plain
    case detailed(String, [Int])
}

struct Described: Error, CustomStringConvertible { var description: String { "what went wrong" } }

@Suite("remote failure", .timeLimit(.minutes(10)))
struct RemoteFailureTests {
    /// The error as the caller gets it, after a way over the wire.
    private func received(_ error: any Error) async throws -> any Error {
        try await withClusterPair { pair in
            let bytes = try CBOR.encode(RemoteFailure(error, system: pair.callee))
            return try CBOR.decode(RemoteFailure.self, from: bytes).error(in: pair.caller)
        }
    }

    @Test("a Codable error comes back as itself")
    func codable() async throws {
        #expect(try await received(Mistake(number: 7)) as? Mistake == Mistake(number: 7))
        #expect(try await received(Choice.detailed("a", [1, 2])) as? Choice == .detailed("a", [1, 2]))
        #expect(try await received(Choice.plain) as? Choice == .plain)
    }

    @Test("a cluster error that a method throws comes back as itself")
    func clusterError() async throws {
        let error = ClusterError(
            .actorDied(.crashed(signal: 6, lastOutput: ["a"])),
            "message",
            hint: "hint",
            outcome: .executed
        )
        #expect(try await received(error) as? ClusterError == error)
    }

    @Test(
        "a private error, one that is not Codable and one that cannot be encoded come back as `remote`, with what they say"
    )
    func remote() async throws {
        for (error, texts) in [
            (Hidden(number: 7), ["Hidden", "7"]), (Described(), ["Described", "what went wrong"]),
            (Unwritable(), ["Unwritable"]),
        ] as [(any Error, [String])] {
            let received = try #require(try await received(error) as? ClusterError)
            #expect(received.code == .remote)
            #expect(received.outcome == .executed)
            #expect(received.hint != nil)
            for text in texts { #expect(received.message.contains(text)) }
        }
    }

    @Test("a cancellation comes back as one")
    func cancellation() async throws {
        #expect(try await received(CancellationError()) is CancellationError)
    }

    @Test("a failure that passes through another process is not wrapped again")
    func passedOn() async throws {
        try await withClusterPair { pair in
            let first = RemoteFailure(Mistake(number: 3), system: pair.callee)
            let second = RemoteFailure(first, system: pair.caller)
            #expect(second.error(in: pair.caller) as? Mistake == Mistake(number: 3))
            #expect(second.typeName == first.typeName)
        }
    }

    @Test("a type that this program does not have, or a payload that does not fit it, is `remote`")
    func unknownType() async throws {
        try await withClusterPair { pair in
            let written = try CBOR.encode(RemoteFailure(Mistake(number: 3), system: pair.callee))
            let name = try #require(TypeCatalog.name(of: Mistake.self))
            let place = try #require(written.firstRange(of: Array(name.utf8)))
            var changed = written
            changed[place.lowerBound + 4] ^= 1
            let failure = try CBOR.decode(RemoteFailure.self, from: changed)
            let error = try #require(failure.error(in: pair.caller) as? ClusterError)
            #expect(error.code == .remote)
            #expect(error.message.contains("Mistake"))
        }
    }
}
