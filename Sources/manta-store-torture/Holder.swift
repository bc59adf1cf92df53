internal import Glibc
internal import MantaCore
internal import MantaObjectStore

/// Has some of everything until it is killed: a pin on each object, one that it is writing, one that it wrote.
enum Holder {
    static func run(_ address: ObjectStore.Address, process: ProcessID) throws {
        let parent = getppid()
        let store = try ObjectStore.open(address, as: process)
        let pins = try store.entries().compactMap { try store.pin($0.id) }
        let sealed = try store.reserve(
            ObjectID(creator: process, serial: 1),
            owner: process,
            byteCount: 1_000
        )
        try sealed?.seal()
        let written = try store.reserve(
            ObjectID(creator: process, serial: 2),
            owner: process,
            byteCount: 1_000
        )
        print("ready")
        while getppid() == parent { usleep(100_000) }
        withExtendedLifetime((pins, written)) {}
    }
}
