import MantaCore
import Testing

@Suite("identifiers of programs")
struct ProgramIDTests {
    @Test("the text is 64 digits, and is read again")
    func text() throws {
        let id = try ProgramID((0..<32).map { UInt8($0 * 8) })
        #expect("\(id)" == "0008101820283038404850586068707880889098a0a8b0b8c0c8d0d8e0e8f0f8")
        #expect(try ProgramID(from: "\(id)") == id)
    }

    @Test(
        "what is no digest is refused",
        arguments: [
            "", "00", String(repeating: "0", count: 63), String(repeating: "0", count: 65),
            String(repeating: "0", count: 66), String(repeating: "g", count: 64),
            String(repeating: "A", count: 64), " " + String(repeating: "0", count: 63),
            String(repeating: "é", count: 32),
        ]
    )
    func garbage(text: String) {
        #expect(throws: IdentifierError.self) { try ProgramID(from: text) }
        #expect(throws: IdentifierError.self) { try ProgramID(Array(text.utf8.prefix(31))) }
    }
}
