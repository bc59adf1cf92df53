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
        for passage in arriving.keys where passage.sender == peer { arriving[passage] = nil }
        for (token, transit) in transits.sorted(by: { $0.key < $1.key }) where transit.peers.contains(peer) {
            settle(token) { $0.settled(at: peer) }
        }
        // In one order everywhere, so that a run can be repeated.
        for id in entries.keys.sorted(by: Self.precedes) {
            guard let slot = entries.index(forKey: id) else { continue }
            entries.values[slot].borrowers.remove(peer)
            entries.values[slot].keepers.remove(peer)
            if entries.values[slot].owner == peer {
                entries.values[slot].registration = .ownerDied
                settleSources(of: id)
            }
            if entries.values[slot].isLoose { loose.append(id) }
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
        var peers = Set(arriving.keys.lazy.map(\.sender))
        for entry in entries.values {
            peers.insert(entry.owner)
            peers.formUnion(entry.borrowers)
            peers.formUnion(entry.keepers)
        }
        for transit in transits.values { peers.formUnion(transit.peers) }
        for (peer, channel) in channels where !channel.isQuiet { peers.insert(peer) }
        peers.remove(process)
        return peers.subtracting(peers.filter(ended.contains))
    }

    /// Whether nothing is remembered but numbers and the bounded memories.
    package var isEmpty: Bool {
        entries.isEmpty && transits.isEmpty && events.isEmpty && arriving.isEmpty
            && channels.values.allSatisfy(\.isQuiet)
    }
}
