package import MantaCore

/// Which nodes have which executables, as their raylets have said.
///
/// Pure. What it says may be out of date: who asks a raylet learns better, and says so.
package struct ProgramTable: Sendable {
    private var holders: [ProgramID: [ProgramSource]] = [:]

    /// How many programs of one node are kept track of: more than a raylet keeps.
    package static let limit = 64

    package init() {}

    /// A raylet has stored a program.
    package mutating func stored(_ program: ProgramID, at source: ProgramSource) {
        guard holders[program]?.contains(source) != true else { return }
        guard holders.count(where: { $0.value.contains { $0.node == source.node } }) < Self.limit else {
            return
        }
        holders[program, default: []].removeAll { $0.node == source.node }
        holders[program, default: []].append(source)
    }

    /// A node does not have a program any more.
    package mutating func dropped(_ program: ProgramID, on node: NodeID) {
        holders[program]?.removeAll { $0.node == node }
        if holders[program]?.isEmpty == true { holders[program] = nil }
    }

    package mutating func nodeLeft(_ node: NodeID) {
        for program in holders.keys { dropped(program, on: node) }
    }

    /// In the order in which they stored it.
    package func sources(of program: ProgramID) -> [ProgramSource] { holders[program] ?? [] }
}

/// A raylet that has an executable.
package struct ProgramSource: Hashable, Sendable, Codable {
    package var node: NodeID
    package var raylet: ActorID

    package init(node: NodeID, raylet: ActorID) {
        self.node = node
        self.raylet = raylet
    }
}
