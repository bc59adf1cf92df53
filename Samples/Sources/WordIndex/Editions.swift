import Synchronization

/// Which edition of its words each shard holds, as far as this process knows.
///
/// A shard goes `empty → filling → full`, and back to `empty` from either.
final class Editions: Sendable {
    private enum State {
        case empty
        case filling(Int)
        case full(Int)
    }

    private let states: Mutex<(shards: [State], latest: Int)>

    init(shardCount: Int) { states = Mutex((Array(repeating: .empty, count: shardCount), 0)) }

    var count: Int { states.withLock { $0.latest } }

    /// Begins to fill the empty shards, if there are any, and says which those are.
    func begin() -> (edition: Int, shards: [Int]) {
        states.withLock { states in
            let empty = states.shards.indices.filter {
                if case .empty = states.shards[$0] { true } else { false }
            }
            if !empty.isEmpty { states.latest += 1 }
            for number in empty { states.shards[number] = .filling(states.latest) }
            return (states.latest, empty)
        }
    }

    /// Whatever is still being filled is full now.
    func end() {
        states.withLock { states in
            for number in states.shards.indices {
                if case .filling(let edition) = states.shards[number] {
                    states.shards[number] = .full(edition)
                }
            }
        }
    }

    /// A shard has lost an edition, or not got all of it.
    func emptied(_ number: Int, _ edition: Int) {
        states.withLock { states in
            switch states.shards[number] {
            case .filling(edition), .full(edition): states.shards[number] = .empty
            default: break
            }
        }
    }

    var isFilling: Bool {
        states.withLock { $0.shards.contains { if case .filling = $0 { true } else { false } } }
    }

    /// The edition that a shard is being filled with.
    func filling(_ number: Int) -> Int? {
        states.withLock { if case .filling(let edition) = $0.shards[number] { edition } else { nil } }
    }

    /// The edition that a shard holds in full.
    func full(_ number: Int) -> Int? {
        states.withLock { if case .full(let edition) = $0.shards[number] { edition } else { nil } }
    }
}
