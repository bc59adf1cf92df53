import Distributed
import Foundation
import Manta
import MantaTestSupport
import Testing

@Suite("calls to another process", .timeLimit(.minutes(10)))
struct CallTests {
    @Test("methods, properties, overloads and default arguments run in the worker")
    func members() async throws {
        try await withCluster { test in
            let counter = try await test.system.spawn(Counter.self, .init(start: 1))
            #expect(try await counter.increment(by: 2) == 3)
            #expect(try await counter.increment() == 4)
            #expect(try await counter.current == 4)
            #expect(try await counter.add(1) == "int")
            #expect(try await counter.add("10") == "string")
            #expect(try await counter.add(twice: 5) == "twice")
            #expect(try await counter.current == 25)
            #expect(try await counter.processID() != getpid())
        }
    }

    @Test("generic methods, generic actors and nested types keep their types")
    func generics() async throws {
        try await withCluster { test in
            let counter = try await test.system.spawn(Counter.self, .init())
            #expect(try await counter.echo("text") == "text")
            #expect(try await counter.echo([1: ["a", "b"]]) == [1: ["a", "b"]])
            #expect(try await counter.echo(UUID?.none) == nil)
            #expect(try await counter.pair("key", 2.5) == ["key": 2.5])
            let data = Data((0..<1000).map { UInt8(truncatingIfNeeded: $0) })
            #expect(try await counter.echo(data) == data)

            let box = try await test.system.spawn(Box<[String: Int]>.self, .init(value: ["a": 1]))
            #expect(try await box.swap(["b": 2]) == ["a": 1])
            #expect(try await box.swap([:]) == ["b": 2])
            #expect(try await test.system.spawn(Outer.Nested.self).name() == "nested")
        }
    }

    @Test("a protocol's stub calls whatever actor is there, in a worker and through another actor")
    func resolvable() async throws {
        try await withCluster { test in
            let english = try await test.system.spawn(English.self)
            let greeter = try $Greeter.resolve(id: english.id, using: test.system)
            #expect(try await greeter.greet("you") == "hello you")
            #expect(try await greeter.greetTwice("you") == "hello youhello you")
            #expect(try await english.greetTwice("me") == "hello mehello me")
            let counter = try await test.system.spawn(
                Counter.self,
                .init(),
                options: .init(isolation: .process)
            )
            #expect(try await counter.greet(through: greeter) == "hello counter")
        }
    }

    @Test("a stub's method is refused by an actor that does not conform")
    func wrongProtocol() async throws {
        try await withCluster { test in
            let counter = try await test.system.spawn(Counter.self, .init())
            let greeter = try $Greeter.resolve(id: counter.id, using: test.system)
            let error = await #expect(throws: ClusterError.self) { try await greeter.greet("you") }
            #expect(error?.code == .noSuchMethod)
            #expect(error?.outcome == .notExecuted)
            #expect(try await counter.increment() == 1)
        }
    }

    @Test(
        "references are arguments, results and elements, and work from any process",
        arguments: Isolation.allCases
    )
    func references(isolation: Isolation) async throws {
        try await withCluster { test in
            let a = try await test.system.spawn(Counter.self, .init(), options: .init(isolation: .process))
            let b = try await test.system.spawn(
                Counter.self,
                .init(start: 10),
                options: .init(isolation: isolation)
            )
            #expect(try await a.incrementOther(b, by: 1) == 11)
            #expect(try await b.incrementOther(a, by: 1) == 1)
            #expect(try await a.incrementAll(["a": a, "b": b]) == ["a": 2, "b": 12])
            #expect(try await b.me() == b)
            let c = try await a.spawnAnother(start: 100)
            #expect(try await c.increment() == 101)
            // An actor of the driver's own, called from a worker.
            let mine = try await Counter(.init(start: 1000), actorSystem: test.system)
            #expect(try await a.incrementOther(mine, by: 5) == 1005)
            #expect(try await mine.current == 1005)
        }
    }

    @Test("a plain distributed actor is called in the process that made it")
    func plainActor() async throws {
        try await withCluster { test in
            let counter = try await test.system.spawn(Counter.self, .init())
            let helper = try await counter.localHelper()
            #expect(try await helper.processID() == counter.processID())
            for number in 0..<100 { _ = try await helper.note(number) }
            #expect(try await helper.noted == Array(0..<100))
        }
    }

    @Test("a Codable error arrives as itself, any other as `remote` with its name")
    func errors() async throws {
        try await withCluster { test in
            let thrower = try await test.system.spawn(Thrower.self, .init())
            await #expect(throws: Refusal.tooLarge(limit: 3)) { try await thrower.refuse() }
            await #expect(throws: Refusal.closed) { try await thrower.refuseTyped() }
            let error = await #expect(throws: ClusterError.self) { try await thrower.opaque() }
            #expect(error?.code == .remote)
            #expect(error?.outcome == .executed)
            #expect(error?.message.contains("Opaque") == true)
            #expect(error?.message.contains("no words") == true)
        }
    }

    @Test("what Swift cannot call is refused before it is sent, with what to write instead")
    func refusals() async throws {
        try await withCluster { test in
            let hidden = await #expect(throws: ClusterError.self) { try await spawnHidden(test.system) }
            #expect(hidden?.code == .invalidArgument)
            #expect(hidden?.hint?.contains("internal or public") == true)

            let box = try await test.system.spawn(Box<Int>.self, .init(value: 1))
            let generic = await #expect(throws: ClusterError.self) { try await box.generic("text") }
            #expect(generic?.code == .invalidArgument)
            #expect(generic?.outcome == .notExecuted)
            #expect(generic?.hint?.isEmpty == false)

        }
    }

    @Test("both ways of dispatch answer alike", arguments: ["cached", "standard"])
    func dispatch(mode: String) async throws {
        try await withCluster {
            $0.dispatch = mode == "cached" ? .cached : .standard
        } _: { test in
            let counter = try await test.system.spawn(Counter.self, .init(start: 1))
            #expect(try await counter.increment(by: 2) == 3)
            #expect(try await counter.echo(["x": [1.5]]) == ["x": [1.5]])
            #expect(try await counter.current == 3)
            let box = try await test.system.spawn(Box<String>.self, .init(value: "a"))
            #expect(try await box.swap("b") == "a")
            let english = try await test.system.spawn(English.self)
            let greeter = try $Greeter.resolve(id: english.id, using: test.system)
            #expect(try await greeter.greetTwice("x") == "hello xhello x")
            let thrower = try await test.system.spawn(Thrower.self, .init())
            await #expect(throws: Refusal.tooLarge(limit: 3)) { try await thrower.refuse() }
            let nested = try await test.system.spawn(Outer.Nested.self)
            #expect(try await nested.first(of: [1, 2], or: 2) == 2)
        }
    }

    @Test(
        "large arguments and results cross whole, in the store or past it; what fits neither it nor a frame is refused"
    )
    func sizes() async throws {
        try await withCluster {
            $0.frameLimit = 8 << 20
            $0.storeCapacity = 4 << 20
        } _: { test in
            let counter = try await test.system.spawn(Counter.self, .init())
            for size in [0, 1, 1000, 65_536, 300_000, 5_000_000] {
                let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                #expect(try await counter.echo(bytes) == bytes)
            }
            let doubles = (0..<200_000).map { Double($0) * 0.5 }
            #expect(try await counter.echo(doubles) == doubles)
            let error = await #expect(throws: ClusterError.self) {
                try await counter.echo([UInt8](repeating: 1, count: 9 << 20))
            }
            #expect(error?.code == .storeFull)
            #expect(error?.outcome == .notExecuted)
            #expect(try await counter.increment() == 1)
        }
    }
}
