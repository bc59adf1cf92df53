package import MantaCore

extension ReferenceTable {
    /// A process of the cluster has ended for good, and nothing that it says counts any more.
    ///
    /// May come before or after any word of that process, and more than once.
    ///
    /// - Complexity: O(*n*) in the objects and tokens.
    package mutating func ended(_ peer: ProcessID) {
        guard peer != process, ended.insert(peer) else { return }
        channels[peer] = nil
        ready.removeAll { $0 == peer }
        retries.removeAll { $0.peer == peer }
        askedBack[peer] = nil
        for passage in arriving.keys where passage.sender == peer { arriving[passage] = nil }
        // In one order everywhere, so that a run can be repeated.
        for token in transits.filter({ $0.value.peers.contains(peer) }).keys.sorted() {
            arrived(token, at: peer, isWhole: true)
        }
        for id in entries.filter({ $0.value.concerns(peer) }).keys.sorted(by: Self.precedes) {
            guard let slot = entries.index(forKey: id) else { continue }
            if entries.values[slot].ended(peer) { loose.append(id) }
            if entries.values[slot].owner == peer { settle(entries.values[slot].takeWaiting()) }
        }
        tidy()
    }

    private static func precedes(_ left: ObjectID, _ right: ObjectID) -> Bool {
        (left.creator.rawValue, left.serial) < (right.creator.rawValue, right.serial)
    }

    /// Every process whose end matters here: who owns, borrows, keeps copies, sent or receives references.
    ///
    /// - Complexity: O(*n*) in the objects, tokens and peers.
    package var peers: Set<ProcessID> {
        var peers = Set(arriving.keys.lazy.map(\.sender)).union(askedBack.keys)
        for entry in entries.values {
            if entry.owner != process { peers.insert(entry.owner) }
            if !entry.borrowers.isEmpty { peers.formUnion(entry.borrowers) }
            if !entry.keepers.isEmpty { peers.formUnion(entry.keepers) }
        }
        for transit in transits.values { peers.formUnion(transit.peers) }
        for (peer, channel) in channels where !channel.isQuiet { peers.insert(peer) }
        peers.remove(process)
        return peers.subtracting(peers.filter(ended.contains))
    }

    /// Whether nothing is remembered but numbers and the bounded memories.
    package var isEmpty: Bool {
        entries.isEmpty && transits.isEmpty && events.isEmpty && arriving.isEmpty
            && askedBack.isEmpty && channels.values.allSatisfy(\.isQuiet)
    }
}
