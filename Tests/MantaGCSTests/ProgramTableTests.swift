import MantaCore
import MantaGCS
import Testing

@Suite("who has which program")
struct ProgramTableTests {
    private func program(_ number: UInt8) throws -> ProgramID {
        try ProgramID([UInt8](repeating: number, count: 32))
    }

    private func source(_ number: UInt64, raylet: UInt64? = nil) -> ProgramSource {
        ProgramSource(node: NodeID(number), raylet: .system(100, process: ProcessID(raylet ?? number)))
    }

    @Test("nodes that have a program are told in the order in which they got it, each once")
    func order() throws {
        var table = ProgramTable()
        let program = try program(1)
        #expect(table.sources(of: program).isEmpty)
        for number in [2, 1, 2, 3] as [UInt64] { table.stored(program, at: source(number)) }
        #expect(table.sources(of: program) == [source(2), source(1), source(3)])
        // Its raylet is another one now.
        table.stored(program, at: source(1, raylet: 9))
        #expect(table.sources(of: program) == [source(2), source(3), source(1, raylet: 9)])
    }

    @Test("what a node drops, and a node that is lost, is not told any more")
    func dropped() throws {
        var table = ProgramTable()
        for number in 1...3 as ClosedRange<UInt8> {
            for node in 1...2 as ClosedRange<UInt64> { table.stored(try program(number), at: source(node)) }
        }
        table.dropped(try program(1), on: NodeID(1))
        table.dropped(try program(1), on: NodeID(7))
        #expect(table.sources(of: try program(1)) == [source(2)])
        table.nodeLeft(NodeID(2))
        #expect(table.sources(of: try program(1)).isEmpty)
        #expect(table.sources(of: try program(2)) == [source(1)])
    }

    @Test("no node makes the table grow without end")
    func bound() throws {
        var table = ProgramTable()
        let all = try (0..<200).map { try program(UInt8($0)) }
        for program in all { table.stored(program, at: source(1)) }
        #expect(all.count { !table.sources(of: $0).isEmpty } == ProgramTable.limit)
        table.stored(all[199], at: source(2))
        #expect(table.sources(of: all[199]) == [source(2)])
    }
}
