import MantaCore

/// Gathers who waits for whom, here and, by asking, in other processes.
struct WaitSearch {
    private let system: ClusterSystem
    /// Lines that are being looked at, or have been, by those who ask.
    private var known: Set<ActorID>
    private let hops: Int
    private(set) var graph = WaitGraph()

    private static let lineLimit = 200

    init(_ system: ClusterSystem, known: Set<ActorID> = [], hops: Int = DeadlockProbe.hopLimit) {
        self.system = system
        self.known = known
        self.hops = hops
    }

    mutating func look(at line: CallLine, label: String) async {
        guard known.count < Self.lineLimit, known.insert(line.actor).inserted else { return }
        let holders = line.running
        graph.lines[line.actor] = WaitGraph.Line(label: label, holders: Set(holders.map(\.key)))
        // One that waits for nobody is enough: the line moves on.
        guard holders.allSatisfy({ !callsMade(by: $0).isEmpty }) else { return }
        for holder in holders { await look(at: holder) }
    }

    mutating func look(at call: ServedCall) async {
        if let line = call.hosted.line, line.isWaiting(call) {
            graph.calls[call.key] = WaitGraph.Call(label: call.hosted.title, line: line.actor)
            return await look(at: line, label: call.hosted.title)
        }
        var made: Set<WaitGraph.Key> = []
        for (link, number) in callsMade(by: call) where hops > 0 {
            let answer = await DeadlockProbe.ask(link, number, known: known, hops: hops - 1)
            guard let answer else { continue }
            made.insert(answer.call)
            graph.merge(answer.graph)
            known.formUnion(answer.graph.lines.keys)
        }
        graph.calls[call.key] = WaitGraph.Call(label: call.hosted.title, made: made)
    }

    private func callsMade(by call: ServedCall) -> [(link: Connection, number: UInt32)] {
        system.peers.all.flatMap { link in link.calls(madeBy: call).map { (link, $0) } }
    }
}
