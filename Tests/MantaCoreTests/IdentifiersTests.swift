import Foundation
import MantaCore
import Testing

struct IdentifiersTests {
    @Test("a node's identifier can be read back from what it prints", arguments: [0, 0x1a, UInt64.max])
    func node(value: UInt64) throws {
        let node = NodeID(value)
        #expect(try NodeID(from: node.description) == node)
    }

    @Test("identifiers print their kind and a hexadecimal number")
    func description() {
        #expect(NodeID(0x1a).description == "node-1a")
        #expect(ProcessID(0xff).description == "process-ff")
    }

    @Test(
        "a text that is no identifier is refused, and the error quotes it",
        arguments: ["", "node-", "node-xyz", "process-1", "1a", "node-10000000000000000"]
    )
    func malformed(text: String) {
        let error = #expect(throws: IdentifierError.self) { try NodeID(from: text) }
        #expect(error?.description == "\"\(text)\" is not node- and a hexadecimal number")
    }

    @Test("identifiers are encoded as plain numbers, and come back equal")
    func coding() throws {
        let bytes = try JSONEncoder().encode([ProcessID(.max)])
        #expect(String(decoding: bytes, as: UTF8.self) == "[18446744073709551615]")
        #expect(try JSONDecoder().decode([ProcessID].self, from: bytes) == [ProcessID(.max)])
    }
}
