import Foundation
import MantaTestSupport
import Testing

@Suite(
    "heads that are cut off",
    .serialized,
    .timeLimit(.minutes(10)),
    .enabled(if: ClusterTestSwitch.isOn, "runs with MANTA_CLUSTER_TESTS=1"),
    .enabled(if: TestNetwork.isAvailable, "needs the superuser and iproute2, to make hosts")
)
struct HeadCutTests {
    /// Account `index` has been answered so many times more, and two more strides, so that these were asked now.
    private func advances(_ driver: HostProgram, _ index: Int) async throws {
        let prefix = "\(index) has answered "
        func count() -> Int {
            driver.text.split(separator: "\n").last { $0.hasPrefix(prefix) }
                .flatMap { Int($0.dropFirst(prefix.count)) } ?? 0
        }
        let before = count()
        try await eventually(within: .seconds(60)) { count() >= before + 300 || !driver.isRunning }
        guard count() >= before + 300 else {
            throw HostFailure(description: "\(index) has stopped:\n\(driver.text)")
        }
    }

    /// Ends the driver, which all of its accounts have answered last.
    private func finish(_ driver: HostProgram, _ stopFile: String) async throws {
        try Data().write(to: URL(fileURLWithPath: stopFile))
        try await driver.succeeds()
        #expect(driver.text.contains("all steady"), "\(driver.text)")
    }

    @Test("a head that loses its line for a moment has lost nothing after it", arguments: [2, 3])
    func moment(hosts: Int) async throws {
        try await withMachines(hosts: hosts, silence: .seconds(60)) { machines in
            let stopFile = machines.network.folder.appendingPathComponent("stop").path
            let driver = try machines.drive(["steady", "a", stopFile], on: 1)
            try await driver.says("ready on \(hosts) nodes")
            try await advances(driver, 0)
            try machines.head.cut()
            // What is on the head fails by its deadline, and all else goes on.
            try await driver.says("0 fails")
            for index in 1..<hosts { try await advances(driver, index) }
            try machines.head.heal()
            try await driver.says("0 answers again")
            try await advances(driver, 0)
            try await finish(driver, stopFile)
            for index in 0..<hosts {
                let count = driver.text.split(separator: "\n").count {
                    $0.hasPrefix("\(index) is incarnation ")
                }
                #expect(count == 1, "\(driver.text)")
                #expect(index == 0 || !driver.text.contains("\(index) fails"), "\(driver.text)")
            }
            try await machines.run("calls", "\(hosts)", on: 1, says: "answers \(hosts * hosts)")
            #expect(!machines.logs.contains("declared dead"))
        }
    }

    @Test(
        "a head that is cut off from all of several machines declares none of them dead, and all goes on after it"
    )
    func several() async throws {
        try await withMachines(hosts: 3) { machines in
            let stopFile = machines.network.folder.appendingPathComponent("stop").path
            let driver = try machines.drive(["steady", "a", stopFile], on: 1)
            let near = try machines.drive(["steady", "b", stopFile], on: 0)
            let asking = try machines.drive(["headless"], on: 2)
            try await asking.says("ready")
            try await driver.says("ready on 3 nodes")
            try await near.says("ready on 3 nodes")
            try await advances(driver, 0)
            try await advances(near, 2)
            try machines.head.cut()
            let head = try #require(machines.node(0))
            try await head.says("may be cut off")
            // All times that any of them has are over by now, and over again.
            try await advances(driver, 1)
            try await advances(driver, 2)
            try await advances(near, 0)
            try await asking.says("called without a head")
            try machines.head.heal()
            try await head.says("is heard again")
            // What waited for a decision is carried out.
            try await asking.says("spawned when it was there again")
            try await asking.succeeds()
            for program in [driver, near] { for index in 0..<3 { try await advances(program, index) } }
            try await finish(driver, stopFile)
            try await finish(near, stopFile)
            for index in 0..<3 {
                for program in [driver, near] {
                    let count = program.text.split(separator: "\n")
                        .count { $0.hasPrefix("\(index) is incarnation ") }
                    #expect(count == 1, "\(program.text)")
                }
                #expect(index == 0 || !driver.text.contains("\(index) fails"), "\(driver.text)")
            }
            try await machines.run("calls", "3", on: 2, says: "answers 9")
            #expect(!machines.logs.contains("declared dead:"), "\(machines.logs)")
        }
    }

    @Test(
        "of two machines that lose each other the head goes on, and after it nobody hears what the other one had"
    )
    func two() async throws {
        try await withMachines(hosts: 2) { machines in
            let stopFile = machines.network.folder.appendingPathComponent("stop").path
            let near = try machines.drive(["steady", "a", stopFile], on: 0)
            try await near.says("ready on 2 nodes")
            let far = try machines.drive(["follow", "a", stopFile], on: 1)
            try await advances(far, 1)
            try await advances(near, 1)
            try machines.head.cut()
            // Each side goes on with what it has: the head with a new incarnation, the other with the one that it has.
            try await near.says("1 answers again")
            try await advances(near, 1)
            try await advances(far, 1)
            try machines.head.heal()
            let node = try #require(machines.node(1))
            try await node.says("this node was declared dead")
            try await eventually(within: .seconds(60)) {
                node.text.components(separatedBy: "joined address").count == 3
            }
            try await advances(near, 1)
            let last = try machines.drive(["follow", "a", stopFile], on: 1)
            try await last.says("ready on 2 nodes")
            try await advances(last, 1)
            try await finish(near, stopFile)
            try await finish(last, stopFile)
            // Its job may have ended, and then it waits. It fails when it hears an older incarnation after a newer one.
            #expect(far.isRunning || far.text.contains("all steady"), "\(far.text)")
            far.signal(SIGKILL)
            let incarnation = try #require(
                near.text.split(separator: "\n").last { $0.hasPrefix("1 is left") }
            )
            #expect(last.text.contains(incarnation), "\(near.text)\n\(last.text)")
            try await machines.run("calls", "2", on: 1, says: "answers 4")
        }
    }
}
