internal import Glibc
internal import MantaCore
internal import MantaObjectStore

/// Does everything that a process can do to a store, at random, until it is killed.
struct Worker {
    private let address: ObjectStore.Address
    private let process: ProcessID
    private let parent = getppid()
    private var store: ObjectStore
    private var random: SplitMix64
    private var serial: UInt64 = 0
    /// Objects that were here lately.
    private var known: [ObjectID] = []
    private var held: [ObjectPin] = []

    init(store address: ObjectStore.Address, process: ProcessID, seed: UInt64) throws {
        self.address = address
        self.process = process
        random = SplitMix64(seed: seed)
        store = try ObjectStore.open(address, as: process)
    }

    mutating func run() throws {
        // Without its parent nobody would ever end it.
        while getppid() == parent {
            for _ in 0..<256 { try step() }
        }
    }

    mutating func step() throws {
        do {
            switch Int.random(in: 0..<1_000, using: &random) {
            case ..<500: try put()
            case ..<720: try read()
            case ..<850: if let id = pick() { try store.free(id) }
            case ..<880: try surrender()
            case ..<950: known = try store.entries().map(\.id)
            case ..<960: _ = try store.takeBackFromTheDead()
            case ..<961: try store.freeAll(ownedBy: Self.owners.randomElement(using: &random) ?? process)
            case ..<975: _ = store.prepare(byteCount: 64 << 10)
            case ..<985: try makeRoom(1 << 12)
            case ..<990: _ = try store.figures()
            case ..<995: try abandon()
            default:
                held = []
                store = try ObjectStore.open(address, as: process)
            }
        } catch let error as ClusterError where error.code == .storeFull {
            try makeRoom(1 << 18)
        } catch let error as ClusterError where error.code == .overloaded {
            // A machine that is busy enough may stop a process for seconds.
        }
    }

    private static let owners = (1...4).map { ProcessID($0) }

    private mutating func size() -> Int {
        // Many small objects need much of the tables, large ones of the data.
        if process.rawValue % 3 != 0 { return Int.random(in: 0...300, using: &random) }
        return switch Int.random(in: 0..<20, using: &random) {
        case ..<12: Int.random(in: 0...2_000, using: &random)
        case ..<19: Int.random(in: 0...40_000, using: &random)
        default: Int.random(in: 0...600_000, using: &random)
        }
    }

    private mutating func pick() -> ObjectID? {
        guard let index = known.indices.randomElement(using: &random) else { return nil }
        return known[index]
    }

    private mutating func reserve() throws -> Reservation? {
        serial += 1
        let byteCount = size()
        return try store.reserve(
            ObjectID(creator: process, serial: serial),
            owner: Self.owners.randomElement(using: &random) ?? process,
            byteCount: byteCount,
            lead: Int.random(in: 0..<64, using: &random),
            role: Bool.random(using: &random) ? .primary : .copy
        )
    }

    private mutating func put() throws {
        guard let reservation = try reserve() else { return try makeRoom(1 << 18) }
        Content.write(reservation.id, to: reservation.bytes)
        try reservation.seal()
        if known.count < 64 {
            known.append(reservation.id)
        } else {
            known[Int.random(in: known.indices, using: &random)] = reservation.id
        }
    }

    private mutating func abandon() throws { _ = try reserve() }

    private mutating func read() throws {
        guard let id = pick(), let pin = try store.pin(id) else { return }
        check(pin)
        held.append(pin)
        // What was pinned for a while is read again: it must not have changed.
        if held.count > 8 { check(held.remove(at: Int.random(in: held.indices, using: &random))) }
    }

    private mutating func surrender() throws {
        guard let id = pick(), let pin = try store.pin(id) else { return }
        check(pin)
        _ = try store.surrender(pin)
    }

    private func makeRoom(_ byteCount: Int) throws {
        for victim in try store.victims(byteCount: byteCount) {
            if try !store.evict(victim.id) { try store.free(victim.id) }
        }
    }

    private func check(_ pin: ObjectPin) {
        if !Content.isRight(pin.id, pin.bytes) {
            Torture.fail("\(pin.id), \(pin.bytes.count) bytes, is not what was put")
        }
    }
}
