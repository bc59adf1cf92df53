import Foundation
import MantaTestSupport

/// Takes parts of a cluster away, and gives them back. Host 1, where the driver is, keeps its node, but not its links.
struct ChaosMonkey {
    private enum Fault: CaseIterable {
        case killNode, freezeNode, cutNode, killWorker, killHead, cutHead
    }

    private let machines: TestMachines
    private var random: SeededRandom

    init(_ machines: TestMachines, seed: UInt64) {
        self.machines = machines
        random = SeededRandom(seed: seed)
    }

    /// One fault, from its beginning to its end.
    mutating func act() async throws {
        let victim = Int.random(in: 2..<machines.hosts.count, using: &random)
        let pause = Duration.milliseconds(Int.random(in: 50...4_000, using: &random))
        let fault = Fault.allCases.randomElement(using: &random) ?? .killNode
        print("chaos: \(fault) on host \(victim) for \(pause)")
        switch fault {
        case .killNode:
            try await machines.kill(victim)
            try await Task.sleep(for: pause)
            try await machines.start(victim)
        case .freezeNode:
            machines.signalAll(victim, SIGSTOP)
            try await Task.sleep(for: pause)
            machines.signalAll(victim, SIGCONT)
        case .cutNode:
            let host = machines.hosts[Int.random(in: 1..<machines.hosts.count, using: &random)]
            try host.cut()
            try await Task.sleep(for: pause / 2)
            try host.heal()
        case .killWorker:
            if let worker = machines.workers(of: victim).randomElement(using: &random) {
                kill(worker, SIGKILL)
            }
        case .killHead:
            try await machines.kill(0)
            try await Task.sleep(for: pause / 4)
            try await machines.start(0)
        case .cutHead:
            // Also for longer than the bound: it is not to take the others for dead.
            try machines.head.cut()
            try await Task.sleep(for: pause * 2)
            try machines.head.heal()
        }
        try await Task.sleep(for: .milliseconds(Int.random(in: 0...1_500, using: &random)))
    }

    /// All is there again, for good.
    func mend() async throws {
        for index in machines.hosts.indices where machines.node(index)?.isRunning != true {
            try await machines.start(index)
        }
    }
}
