import MantaRuntime
import MantaTestSupport
import Testing

@Suite("target name")
struct TargetNameTests {
    @Test(
        "a distributed thunk's name gives its owner, its readable name, and whether it is generic itself",
        arguments: [
            ("$s1m3GenC3fooyyxYaKFTE", "m.Gen", "Gen.foo(_:)", false),
            ("$s1m5OuterO7CounterC3inc_2byS2i_SStYaKFTE", "m.Outer.Counter", "Counter.inc(_:by:)", false),
            ("$s1m3GenCAASiRszrlE7onlyIntyyYaKFTE", "m.Gen", "Gen.onlyInt()", false),
            ("$s1m6$GreetC5helloySSSiYaKFTE", "m.$Greet", "$Greet.hello(_:)", false),
            ("$s1m3GenC4methyyqd__YaKSeRd__SERd__lFTE", "m.Gen", "Gen.meth(_:)", true),
        ]
    )
    func parts(mangled: String, owner: String, readable: String, isGeneric: Bool) throws {
        let name = try #require(TargetName(mangled))
        #expect(name.owner == owner)
        #expect(name.readable == readable)
        #expect(name.isGeneric == isGeneric)
    }

    @Test("the method of a stub is its protocol's, that of an actor is no protocol's")
    func protocolName() throws {
        #expect(try #require(TargetName("$s1m6$GreetC5helloySSSiYaKFTE")).protocolName == "m.Greet")
        #expect(try #require(TargetName("$s1m3GenC3fooyyxYaKFTE")).protocolName == nil)
    }

    @Test(
        "what is not the name of a distributed thunk has no parts",
        arguments: [
            "", "$", "$s", "TE", "$sTE", "$s1mTE", "hello", "$s1m3GenC3fooyyxYaKF", "1m3GenC3fooyyxYaKFTE",
            "$s1m3GenC3fooyyxYaKFTe", "$sSiTE", "$s4main7CounterCMaTE", "$s1m3fooyyYaKFTE", "$s\u{0}TE",
            "$s1m3GenC\u{0}3fooyyxYaKFTE",
            "$s99999999999999999999CTE", "$s" + String(repeating: "Say", count: 200) + "TE", "$sé1mTE",
        ]
    )
    func garbage(mangled: String) {
        #expect(TargetName(mangled) == nil)
        #expect(TargetName.inProgram(mangled) == nil)
    }

    @Test("no text traps", arguments: 1...4 as ClosedRange<UInt64>)
    func fuzz(seed: UInt64) {
        let names = [
            "$s1m3GenC3fooyyxYaKFTE", "$s1m5OuterO7CounterC3inc_2byS2i_SStYaKFTE",
            "$s1m3GenCAASiRszrlE7onlyIntyyYaKFTE", "$s1m6$GreetC5helloySSSiYaKFTE",
            "$s1m3GenC4methyyqd__YaKSeRd__SERd__lFTE",
        ]
        var random = SeededRandom(seed: seed)
        var readCount = 0
        for _ in 0..<1_000 {
            var bytes = Array((names.randomElement(using: &random) ?? "").utf8.dropFirst(2).dropLast(2))
            for _ in 0...Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 33...126, using: &random)
                case 1: bytes.remove(at: index)
                case 2: bytes.insert(contentsOf: bytes[index...], at: index)
                default: bytes.removeSubrange(index...)
                }
            }
            let mangled = "$s" + String(decoding: bytes, as: UTF8.self) + "TE"
            guard let name = TargetName(mangled) else { continue }
            readCount += 1
            #expect(!name.owner.isEmpty && name.readable.contains("("), "\(mangled)")
        }
        #expect(readCount > 20)
    }

    @Test("the owner of a type is its qualified name without generic arguments")
    func owner() {
        #expect(TargetName.owner(of: Resident.self) == "MantaRuntimeTests.Resident")
        #expect(TargetName.owner(of: Box<Int>.self) == "MantaRuntimeTests.Box")
        #expect(TargetName.owner(of: Box<[String: Box<Int>]>.self) == "MantaRuntimeTests.Box")
        #expect(TargetName.owner(of: Outer.Inner.self) == "MantaRuntimeTests.Outer.Inner")
    }
}
