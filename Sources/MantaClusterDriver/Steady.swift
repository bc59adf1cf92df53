import Glibc
import Manta

/// Calls an account on each node again and again until a file is there, while a test cuts lines, and says what it saw.
struct Steady {
    private static let timeout = Duration.seconds(2)
    /// Between two lines that say how many answers there were.
    private static let stride = 100

    let cluster: ClusterSystem
    /// Of the accounts' names, so that several of these may run.
    let prefix: String
    /// Ends this when it is there.
    let stopFile: String

    /// Opens the accounts: number 0 on the first node, which is the head's, and so on.
    func open() async throws {
        var accounts: [Account] = []
        for (index, node) in try await cluster.nodes().enumerated() {
            let options = ActorOptions(
                name: name(index),
                restarts: .always,
                placement: .node(node.id, soft: true)
            )
            accounts.append(
                try await cluster.spawn(
                    Account.self,
                    Account.Arguments(name: name(index), folder: folder),
                    options: options
                )
            )
        }
        try await call(accounts)
    }

    /// Calls those that another one has opened.
    func follow() async throws {
        var accounts: [Account] = []
        for index in try await cluster.nodes().indices {
            accounts.append(try await cluster.find(Account.self, named: name(index)))
        }
        try await call(accounts)
    }

    private func name(_ index: Int) -> String { "\(prefix)-\(index)" }
    private var folder: String { String(stopFile[..<(stopFile.lastIndex(of: "/") ?? stopFile.startIndex)]) }
    private var mustStop: Bool { access(stopFile, F_OK) == 0 }

    private func call(_ accounts: [Account]) async throws {
        say("ready on \(accounts.count) nodes")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, account) in accounts.enumerated() {
                group.addTask { try await call(account, index) }
            }
            try await group.waitForAll()
        }
        say("all steady")
    }

    private func call(_ account: Account, _ index: Int) async throws {
        var answerCount = 0
        var isFailing = false
        var incarnation: UInt64 = 0
        while !mustStop || isFailing {
            do {
                let receipt = try await withCallOptions(timeout: Self.timeout) {
                    try await account.apply(answerCount, by: Int(getpid()))
                }
                // Whoever has heard a newer one never hears an older one again.
                guard receipt.incarnation >= incarnation else { throw Survival.Lost(name: "order") }
                if receipt.incarnation > incarnation { say("\(index) is incarnation \(receipt.incarnation)") }
                incarnation = receipt.incarnation
                answerCount += 1
                if isFailing { say("\(index) answers again") }
                isFailing = false
                if answerCount % Self.stride == 0 { say("\(index) has answered \(answerCount)") }
            } catch let error as ClusterError {
                if !isFailing { say("\(index) fails: \(error)") }
                isFailing = true
            }
            try await Task.sleep(for: .milliseconds(2))
        }
        say("\(index) is left at incarnation \(incarnation)")
    }
}
