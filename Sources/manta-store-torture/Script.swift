internal import MantaCore
internal import MantaObjectStore

/// One of each operation of a store, in all the ways that it can go; after each, the objects that are here are printed.
struct Script {
    static let process = ProcessID(5)
    private let address: ObjectStore.Address
    private let store: ObjectStore

    init(store address: ObjectStore.Address) throws {
        self.address = address
        store = try ObjectStore.open(address, as: Self.process)
    }

    static func state(of store: ObjectStore) throws -> String {
        try store.entries().filter { $0.isSealed && !$0.isDoomed }.map { "\($0.id.serial)/\($0.byteCount)" }
            .sorted()
            .joined(separator: " ")
    }

    private func show() throws { print("state \(try Self.state(of: store))") }

    private func id(_ serial: UInt64) -> ObjectID { ObjectID(creator: Self.process, serial: serial) }

    private func reserve(
        _ serial: UInt64,
        _ byteCount: Int,
        owner: UInt64 = 1,
        role: ObjectStore.Role = .primary
    ) throws -> Reservation {
        let reserved = try store.reserve(
            id(serial),
            owner: ProcessID(owner),
            byteCount: byteCount,
            role: role
        )
        guard let reserved else { Torture.fail("\(serial) does not fit") }
        Content.write(reserved.id, to: reserved.bytes)
        return reserved
    }

    private func put(
        _ serial: UInt64,
        _ byteCount: Int,
        owner: UInt64 = 1,
        role: ObjectStore.Role = .primary
    ) throws {
        try reserve(serial, byteCount, owner: owner, role: role).seal()
        try show()
    }

    private func free(_ serial: UInt64) throws {
        guard try store.free(id(serial)) else { Torture.fail("\(serial) is not here") }
        try show()
    }

    private func pin(_ serial: UInt64) throws -> ObjectPin {
        guard let pin = try store.pin(id(serial)) else { Torture.fail("\(serial) is not here") }
        return pin
    }

    func run() throws {
        try show()
        try reuse()
        try pins()
        try endings()
        try growth()
        try others()
        print("steps \(Steps.count)")
    }

    /// Cuts extents, and joins them with neighbours before, behind and on both sides.
    private func reuse() throws {
        for (serial, byteCount) in [(1, 100), (2, 200), (3, 300), (4, 1_000), (5, 64)] {
            try put(UInt64(serial), byteCount)
        }
        try free(2)
        try free(4)
        try put(6, 64)
        try put(7, 1_000)
        try free(7)
        try free(3)
        try free(5)
        try put(8, 5_000)
    }

    private func pins() throws {
        do {
            let first = try pin(1)
            let second = try pin(1)
            withExtendedLifetime((first, second)) {}
        }
        do {
            let reader = try pin(8)
            try free(8)
            withExtendedLifetime(reader) {}
        }
        try show()
    }

    /// All the ways in which an object or a reservation goes.
    private func endings() throws {
        let freed = try reserve(9, 500)
        try free(9)
        try freed.seal()
        try show()
        _ = try reserve(10, 500)
        try show()
        try put(11, 700, role: .copy)
        guard try store.evict(id(11)) else { Torture.fail("not evicted") }
        try show()
        try put(12, 300)
        guard try store.surrender(try pin(12)) else { Torture.fail("not surrendered") }
        try show()
        // One by one, so that each is a state of its own.
        for serial in 13...14 {
            try put(UInt64(serial), 100, owner: 77)
            try store.freeAll(ownedBy: ProcessID(77))
            try show()
        }
    }

    private func growth() throws {
        _ = store.prepare(byteCount: 2 << 20)
        try put(15, 1 << 20)
        try put(16, 1 << 20)
        try put(17, 1 << 20)
        try free(15)
        _ = try store.victims(byteCount: 1 << 20)
    }

    /// Another client of the same process comes and goes.
    private func others() throws {
        let other = try ObjectStore.open(address, as: Self.process)
        let pinned = try other.pin(id(16))
        try free(16)
        withExtendedLifetime(pinned) {}
        _ = try other.takeBackFromTheDead()
        try show()
    }
}
