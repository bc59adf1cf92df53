import Distributed
import Glibc
import Manta
import MantaTestSupport
import Testing

@Suite("objects", .timeLimit(.minutes(10)))
struct ObjectTests {
    @Test("what is put is read by its maker and by workers, and freed with the last reference")
    func putAndGet() async throws {
        try await withCluster { test in
            let system = test.system
            let holder = try await system.spawn(Holder.self, options: .init(isolation: .process))
            do {
                let text = try await system.put("some text")
                #expect(try await text.get() == "some text")
                let bytes = try await system.put([UInt8](repeating: 3, count: 1000))
                #expect(try await bytes.get().count == 1000)
                #expect(try await holder.sum(bytes) == 3000)
                let floats = try await system.put([Float](repeating: 0.5, count: 100))
                #expect(try await holder.sumInPlace(floats) == 50)
                #expect(try await floats.withBytes { $0.byteCount } == 400)
                #expect(try await system.objects().count == 3)
            }
            try await nothingIsLeft(test.system)
        }
    }

    @Test("references pass as arguments, results, fields, elements and parts of other objects")
    func passing() async throws {
        try await withCluster { test in
            let system = test.system
            let first = try await system.spawn(Holder.self, options: .init(isolation: .process))
            let second = try await system.spawn(Holder.self, options: .init(isolation: .process))
            do {
                let made = try await first.make(10, of: 2, owner: .process)
                #expect(try await second.sum(made) == 20)
                let floats = try await system.put([Float](repeating: 1, count: 8))
                let parcel = Holder.Parcel(label: "p", items: [made, made], byName: ["f": floats])
                let back = try await second.echo(parcel)
                #expect(back == parcel)
                try await second.keepParcel(parcel)
                let outer = try await system.put(parcel)
                #expect(try await first.open(outer) == 20)
                try await second.keep(made)
            }
            // Only the second holder has references now.
            try await eventually(within: .seconds(10)) { try await system.objects().count == 2 }
            #expect(try await second.sumKept() == 60)
            try await second.drop()
            try await nothingIsLeft(system)
        }
    }

    @Test("large arguments and results go through the store, and leave nothing there")
    func promotion() async throws {
        try await withCluster { test in
            let system = test.system
            let holder = try await system.spawn(Holder.self, options: .init(isolation: .process))
            for count in [1, 1 << 16, 1 << 20, 100 << 20] {
                #expect(try await holder.length(of: [UInt8](repeating: 1, count: count)) == count)
            }
            let numbers = Array(0..<1_000_000)
            #expect(try await holder.double(numbers) == numbers.map { $0 * 2 })
            #expect(try await holder.repeated("ab", 500_000).utf8.count == 1_000_000)
            try await nothingIsLeft(system)
        }
    }

    @Test("a node reads what is in another one's store, and both free it")
    func pull() async throws {
        try await withCluster(nodes: 2) { test in
            let system = test.system
            let nodes = try await system.nodes()
            var holders: [Holder] = []
            for node in nodes {
                let options = ActorOptions(isolation: .process, placement: .node(node.id, soft: false))
                holders.append(try await system.spawn(Holder.self, options: options))
            }
            do {
                let made = try await holders[0].make(3 << 20, of: 1, owner: .process)
                #expect(try await holders[1].sum(made) == 3 << 20)
                #expect(try await holders[1].firstAndLast(made) == [1, 1])
                #expect(try await made.get().count == 3 << 20)
                #expect(try await system.objects().count == 2)
                #expect(try await holders[1].length(of: [UInt8](repeating: 1, count: 5 << 20)) == 5 << 20)
                let large = try await system.put([Float](repeating: 2, count: 1 << 20))
                for holder in holders { #expect(try await holder.sumInPlace(large) == 2 * 1_048_576) }
            }
            try await nothingIsLeft(system)
        }
    }

    @Test("an object ends with its maker, unless its node owns it")
    func owners() async throws {
        try await withCluster { test in
            let system = test.system
            let maker = try await system.spawn(Holder.self, options: .init(isolation: .process))
            let keeper = try await system.spawn(Holder.self, options: .init(isolation: .process))
            do {
                let mortal = try await maker.make(10, of: 1, owner: .process)
                let lasting = try await maker.make(10, of: 1, owner: .node)
                try await keeper.keep(lasting)
                kill(try await maker.process(), SIGKILL)
                try await eventually { await clusterError { _ = try await mortal.get() }?.code == .ownerDied }
                #expect(try await lasting.get() == [UInt8](repeating: 1, count: 10))
                #expect(try await keeper.sumKept() == 10)
                // Each process hears of the end for itself.
                try await eventually {
                    await clusterError { _ = try await keeper.sum(mortal) }?.code == .ownerDied
                }
            }
            try await keeper.drop()
            try await nothingIsLeft(system)
        }
    }

    @Test("three times what the store holds passes through it while readers read")
    func spilling() async throws {
        let folder = "/tmp/manta-test-spill-\(getpid())"
        try await withCluster({ configuration in
            configuration.storeCapacity = 32 << 20
            configuration.spillDirectory = folder
        }) { test in
            let system = test.system
            let holder = try await system.spawn(Holder.self, options: .init(isolation: .process))
            do {
                var refs: [ObjectRef<[UInt8]>] = []
                for index in 0..<24 {
                    refs.append(try await system.put([UInt8](repeating: UInt8(index), count: 4 << 20)))
                }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (index, ref) in refs.enumerated() {
                        group.addTask {
                            let sum = try await holder.sum(ref)
                            #expect(sum == index * (4 << 20))
                        }
                    }
                    try await group.waitForAll()
                }
                let listed = try await system.objects()
                #expect(listed.count == 24)
                #expect(listed.contains { $0.copy == .spilled })
                let used = try await system.nodes()[0].storeUsed
                #expect(listed.map(\.storedByteCount).reduce(0, +) == used)
            }
            try await nothingIsLeft(system)
        }
        #expect((try? entries(of: folder)) ?? [] == [])
        rmdir(folder)
    }

    @Test("what is larger than the store is refused at once, what does not fit now waits for room")
    func full() async throws {
        try await withCluster({ configuration in
            configuration.storeCapacity = 8 << 20
            configuration.spillDirectory = nil
        }) { test in
            let system = test.system
            #expect(await clusterError { _ = try await make(9, in: system) }?.code == .storeFull)
            try await fill(system)
        }
    }

    private func make(_ mebibytes: Int, in system: ClusterSystem) async throws -> ObjectRef<[UInt8]> {
        try await system.put([UInt8](repeating: UInt8(mebibytes), count: mebibytes << 20))
    }

    private func fill(_ system: ClusterSystem) async throws {
        let refs = Shared([try await make(5, in: system)])
        let error = await clusterError {
            try await withCallOptions(timeout: .milliseconds(300)) { _ = try await make(6, in: system) }
        }
        #expect(error?.code == .storeFull)
        let second = Task { try await make(6, in: system) }
        refs.change { $0 = [] }
        #expect(try await second.value.get()[0] == 6)
    }

    private func nothingIsLeft(_ system: ClusterSystem) async throws {
        do {
            try await eventually(within: .seconds(10)) { try await system.objects().isEmpty }
        } catch {
            let left = try await system.objects()
            Issue.record("left: \(left)")
        }
        for node in try await system.nodes() { #expect(node.storeUsed == 0) }
    }

    private func entries(of folder: String) throws -> [String] {
        guard let handle = opendir(folder) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
