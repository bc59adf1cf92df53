import MantaCore
import MantaObjectStore
import MantaRaylet
import MantaRuntime
import Testing

@Suite("worker launch")
struct WorkerLaunchTests {
    private static let store = StoreLaunch(
        address: ObjectStore.Address(path: "/proc/7/fd/8", capacity: 1 << 30),
        place: ObjectPlace(node: NodeID(2), process: ProcessID(3), bulk: .unix(path: "/tmp/objects")),
        index: 1
    )

    private func makeLaunch(dispatch: DispatchMode = .cached, directory: String = "/tmp/manta-0/ab")
        -> WorkerLaunch
    {
        WorkerLaunch(
            worker: ProcessID(.max),
            node: NodeID(2),
            raylet: ProcessID(3),
            gcs: ProcessID(4),
            rayletActor: .system(100, process: ProcessID(3)),
            options: RuntimeOptions(
                directory: directory,
                cluster: 0xFEED_FACE,
                laneCount: 4,
                dispatch: dispatch
            ),
            laneCount: 7,
            logLevel: "debug",
            store: Self.store
        )
    }

    @Test("a worker reads what its raylet wrote", arguments: DispatchMode.allCases)
    func roundTrip(dispatch: DispatchMode) throws {
        let written = makeLaunch(dispatch: dispatch, directory: "/tmp/mänta dir\n=\"'")
        let read = try WorkerLaunch(encoded: written.encoded())
        #expect(read.worker == ProcessID(.max))
        #expect(read.node == NodeID(2))
        #expect(read.raylet == ProcessID(3))
        #expect(read.gcs == ProcessID(4))
        #expect(read.rayletActor == .system(100, process: ProcessID(3)))
        #expect(read.directory == "/tmp/mänta dir\n=\"'")
        #expect(read.cluster == 0xFEED_FACE)
        #expect(read.laneCount == 7)
        #expect(read.dispatch == dispatch)
        #expect(read.logLevel == "debug")
        #expect(read.store == Self.store)
    }

    @Test("the text is hexadecimal digits only, fit for a variable of the environment")
    func text() throws {
        let text = try makeLaunch().encoded()
        #expect(text.allSatisfy { $0.isASCII && $0.isHexDigit })
        #expect(text.count.isMultiple(of: 2))
    }

    @Test("a text that was cut, changed or is none is refused")
    func garbage() throws {
        let text = try makeLaunch().encoded()
        for bad in [
            "", "zz", "hello", "00", "é", String(text.dropLast()), String(text.dropFirst(2)), text + "00",
        ] {
            #expect(throws: (any Error).self, "\(bad)") { try WorkerLaunch(encoded: bad) }
        }
    }
}
