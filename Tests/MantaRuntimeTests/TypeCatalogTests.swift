import MantaRuntime
import Testing

private struct Hidden: Codable, Sendable {}

struct Visible: Codable, Sendable {
    enum Nested: Codable, Sendable { case only }
}

struct Wrapper<Value: Codable & Sendable>: Codable, Sendable {
    struct Part: Codable, Sendable {}
}

private let visibleTypes: [any Any.Type] = [
    Int.self, String.self, [UInt8].self, [String: [Int?]].self, Visible.self, Visible.Nested.self,
    Wrapper<Int>.self,
    Wrapper<Wrapper<[Visible]>>.self, Wrapper<Visible>.Part.self, Resident.self, Box<Visible>.self,
    Result<Int, Never>.self,
]

@Suite("type catalog")
struct TypeCatalogTests {
    @Test(
        "types that other processes of the program can look up are found by their names",
        arguments: visibleTypes.indices
    )
    func found(index: Int) throws {
        let type = visibleTypes[index]
        let name = try #require(TypeCatalog.name(of: type))
        let again = try #require(TypeCatalog.name(of: type))
        #expect(name == again)
        for _ in 0..<2 {
            let found = try #require(TypeCatalog.type(named: name))
            #expect(ObjectIdentifier(found) == ObjectIdentifier(type))
        }
    }

    @Test("a private or local type has no name, nor has what is made of it")
    func hidden() {
        struct Local: Codable, Sendable {}
        for _ in 0..<2 {
            #expect(TypeCatalog.name(of: Hidden.self) == nil)
            #expect(TypeCatalog.name(of: Local.self) == nil)
            #expect(TypeCatalog.name(of: [Hidden].self) == nil)
            #expect(TypeCatalog.name(of: Wrapper<Hidden>.self) == nil)
        }
    }

    @Test(
        "a name that is none has no type",
        arguments: [
            "", " ", "4main7NothingV", "17MantaRuntimeTests7MissingV", "Sa", "\u{1}abcd", "$sSi", "é",
            "17MantaRuntimeTests7WrapperVyG", String(repeating: "Say", count: 50),
        ]
    )
    func unknown(name: String) {
        #expect(TypeCatalog.type(named: name) == nil)
    }
}
