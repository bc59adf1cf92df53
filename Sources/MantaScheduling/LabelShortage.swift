import MantaCore

/// Which of the labels that are asked for a node does not carry, for people to read.
struct LabelShortage {
    let node: NodeID
    private let lacking: [(name: String, wanted: String, present: String?)]

    init(of node: NodeID, wanted: [String: String], present: [String: String]) {
        self.node = node
        lacking = wanted.filter { present[$0.key] != $0.value }.sorted { $0.key < $1.key }
            .map { ($0.key, $0.value, present[$0.key]) }
    }

    /// `rack: 4 (it has none), zone: a (it has b)`.
    var text: String {
        lacking.map { "\($0.name): \($0.wanted) (it has \($0.present ?? "none"))" }.joined(separator: ", ")
    }

    /// The shortage of the fewest labels; of equals, the first.
    static func nearest(_ shortages: some Sequence<LabelShortage>) -> LabelShortage? {
        shortages.min { $0.lacking.count < $1.lacking.count }
    }
}
