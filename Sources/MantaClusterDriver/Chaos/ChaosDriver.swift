import Glibc
import Manta
import Synchronization

/// A mixed load on a cluster of which parts die and come back, and a history of all that it saw.
///
/// Ends when the file that it is told of is there, then checks what has to be true of the history, and that nothing is left.
struct ChaosDriver {
    let cluster: ClusterSystem
    let folder: String
    private let history = ChaosHistory()

    init(_ cluster: ClusterSystem, folder: String) {
        self.cluster = cluster
        self.folder = folder
    }

    private var isOver: Bool { access("\(folder)/over", F_OK) == 0 }

    func run(accounts accountCount: Int, clients: Int) async throws {
        var accounts: [Account] = []
        for index in 0..<accountCount {
            let name = "account-\(index)"
            let options = ActorOptions(
                resources: [.cpu: 0.01],
                lifetime: index % 2 == 0 ? .job : .detached,
                restarts: .always,
                placement: .spread
            )
            accounts.append(
                try await cluster.getOrSpawn(
                    Account.self,
                    named: name,
                    .init(name: name, folder: folder),
                    options: options
                )
            )
        }
        say("ready")
        let spawned = accounts
        await withTaskGroup(of: Void.self) { group in
            for client in 0..<clients { group.addTask { await call(spawned, client) } }
            for client in 0..<2 { group.addTask { await spawnAndKill(client) } }
            group.addTask { await lookUp(accountCount) }
            for client in 0..<2 { group.addTask { await passObjects(client) } }
        }
        say("settling")
        try await settle(accounts)
        let violations = history.violations + history.compare(with: try journals())
        for violation in violations { say("VIOLATION \(violation)") }
        say(history.summary)
        say(violations.isEmpty ? "all promises kept" : "\(violations.count) violations")
    }

    // MARK: Load

    /// Calls in order, each to one of the accounts.
    private func call(_ accounts: [Account], _ client: Int) async {
        var random = SystemRandomNumberGenerator()
        var operation = 0
        while !isOver {
            operation += 1
            let index = Int.random(in: 0..<accounts.count, using: &random)
            let retries = Bool.random(using: &random) ? 100 : 0
            let limit = Duration.seconds(2)
            let sent = ContinuousClock.now
            do {
                let receipt = try await withCallOptions(timeout: limit, retries: retries) { [operation] in
                    try await accounts[index].apply(operation, by: client)
                }
                history.replied(client, operation, by: index, receipt.incarnation, sent: sent)
            } catch let error as ClusterError {
                history.failed(client, operation, error)
            } catch {
                history.note("a call threw \(error)")
            }
            history.took(ContinuousClock.now - sent, limit: limit, "call")
            if operation % 8 == 0 { try? await Task.sleep(for: .milliseconds(1)) }
        }
    }

    /// Actors that live for a moment, each with a watcher.
    private func spawnAndKill(_ client: Int) async {
        var number = 0
        while !isOver {
            number += 1
            let sent = ContinuousClock.now
            do {
                let counter = try await withCallOptions(timeout: .seconds(5)) { [number] in
                    try await cluster.spawn(
                        Counter.self,
                        options: ActorOptions(name: "moth-\(client)-\(number)", placement: .spread)
                    )
                }
                history.count("spawned")
                try await withCallOptions(timeout: .seconds(20)) { try await end(counter) }
            } catch let error as ClusterError {
                history.count("spawn or end failed: \(error.code)")
            } catch {
                history.note("a spawn threw \(error)")
            }
            history.took(ContinuousClock.now - sent, limit: .seconds(25), "spawn and end")
        }
    }

    private func end(_ counter: Counter) async throws {
        let watch = Task { [cluster] in
            var ends = 0
            for await event in cluster.lifecycle(of: counter) {
                if case .terminated = event { ends += 1 }
            }
            return ends
        }
        _ = try? await counter.increment(by: 1)
        try await cluster.kill(counter)
        let ends = await watch.value
        if ends != 1 { history.note("a watcher was told \(ends) times of the end of \(counter.id)") }
    }

    private func lookUp(_ count: Int) async {
        var random = SystemRandomNumberGenerator()
        while !isOver {
            let sent = ContinuousClock.now
            do {
                let name = "account-\(Int.random(in: 0..<count, using: &random))"
                _ = try await withCallOptions(timeout: .seconds(10)) {
                    try await cluster.find(Account.self, named: name)
                }
                history.count("found")
            } catch let error as ClusterError {
                // They were acknowledged, and live for ever.
                if error.code == .noSuchActor { history.note("a name is gone: \(error.message)") }
                history.count("lookup failed: \(error.code)")
            } catch {
                history.note("a lookup threw \(error)")
            }
            history.took(ContinuousClock.now - sent, limit: .seconds(10), "lookup")
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    private func passObjects(_ client: Int) async {
        var random = SystemRandomNumberGenerator()
        while !isOver {
            let sent = ContinuousClock.now
            do {
                try await withCallOptions(timeout: .seconds(10)) {
                    let maker = try await cluster.spawn(Store.self, options: ActorOptions(placement: .spread))
                    let reader = try await cluster.spawn(
                        Store.self,
                        options: ActorOptions(placement: .spread)
                    )
                    let count = Int.random(in: 1...200_000, using: &random)
                    let made = try await maker.make(count, isRandom: false)
                    let sum = try await reader.sum(made)
                    let expected = (0..<count).reduce(UInt64(0)) { $0 &+ UInt64($1 / 64) }
                    if sum != expected { history.note("wrong bytes: \(sum) for \(expected)") }
                    history.count("objects read")
                    try await cluster.kill(maker)
                    try await cluster.kill(reader)
                }
            } catch let error as ClusterError {
                history.count("objects failed: \(error.code)")
            } catch {
                history.note("objects threw \(error)")
            }
            history.took(ContinuousClock.now - sent, limit: .seconds(20), "objects")
        }
    }

    // MARK: The end

    /// Nothing fails any more: all accounts answer, and when they are gone, nothing is left of what was spawned.
    private func settle(_ accounts: [Account]) async throws {
        for account in accounts {
            _ = try await withCallOptions(timeout: .seconds(30), retries: 100, retryUnknown: true) {
                try await account.apply(0, by: -1)
            }
        }
        for actor in try await cluster.actors() where actor.state != .dead {
            try? await cluster.kill(id: actor.id)
        }
        for _ in 0..<2_000 {
            if try await leftovers() == nil { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        if let left = try await leftovers() { history.note("left behind: \(left)") }
    }

    private func leftovers() async throws -> String? {
        let (total, available) = try await cluster.resources()
        guard total == available else { return "resources: \(available) of \(total)" }
        let objects = try await cluster.objects()
        guard objects.isEmpty else { return "objects: \(objects.count)" }
        let live = try await cluster.actors().filter { $0.state != .dead }
        return live.isEmpty ? nil : "actors: \(live.count)"
    }

    /// What the accounts have noted: the operations of each file, in order.
    private func journals() throws -> [[(client: Int, operation: Int)]] {
        guard let entries = opendir(folder) else { return [] }
        defer { closedir(entries) }
        var files: [[(client: Int, operation: Int)]] = []
        while let entry = readdir(entries) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name.hasPrefix("account-"), let text = contents("\(folder)/\(name)") else { continue }
            files.append(
                text.split(separator: "\n").compactMap { line in
                    let words = line.split(separator: " ").compactMap { Int($0) }
                    return words.count == 2 ? (words[0], words[1]) : nil
                }
            )
        }
        return files
    }

    private func contents(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
