import Distributed
import Foundation
import Glibc
import Manta
import MantaTestSupport
import Testing

@Suite("restarts and lifecycles", .timeLimit(.minutes(10)))
struct RestartTests {
    @Test(
        "an actor whose worker is killed comes back with its name, its id and the next epoch",
        arguments: Isolation.allCases
    )
    func comesBack(isolation: Isolation) async throws {
        try await withCluster { test in
            let system = test.system
            let options = ActorOptions(
                name: "phoenix",
                resources: [.cpu: 1],
                isolation: isolation,
                restarts: .upTo(3, within: .seconds(60))
            )
            let service = try await system.spawn(Service.self, .init(), options: options)
            for epoch in 2...3 as ClosedRange<UInt32> {
                _ = try await service.call()
                Glibc.kill(try await service.processID(), SIGKILL)
                // Waits for the new incarnation, which has forgotten the calls before.
                try await eventually { (try? await service.call()) == 1 }
                #expect(try await system.find(Service.self, named: "phoenix") == service)
                let info = try #require(try await system.actors().first)
                #expect(info.epoch == epoch && info.restarts == Int(epoch) - 1 && info.state == .alive)
                #expect(try await system.resources().available == [.cpu: 3])
            }
        }
    }

    @Test("a call in flight fails with its outcome; one made while the actor restarts waits for it")
    func inFlight() async throws {
        try await withCluster { test in
            let system = test.system
            let options = ActorOptions(isolation: .process, restarts: .always)
            let journal = ScratchFile()
            let service = try await system.spawn(Service.self, .init(journal: journal.path), options: options)
            let processID = try await service.processID()
            let inFlight = Task { try await service.slow(milliseconds: 60_000) }
            try await eventually { journal.lines.contains("slow") }
            Glibc.kill(processID, SIGKILL)
            let error = await clusterError { _ = try await inFlight.value }
            guard case .workerDied(.crashed(signal: SIGKILL, _)) = error?.code else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(error?.outcome == .mayHaveExecuted)
            #expect(try await service.call() == 1)
        }
    }

    @Test("exactly as many restarts as the policy allows, then the actor is dead of the last cause")
    func budget() async throws {
        try await withCluster { test in
            let system = test.system
            let journal = ScratchFile()
            let options = ActorOptions(isolation: .process, restarts: .upTo(2, within: .seconds(600)))
            let service = try await system.spawn(Service.self, .init(journal: journal.path), options: options)
            let events = Task {
                var events: [LifecycleEvent] = []
                for await event in system.lifecycle(of: service) { events.append(event) }
                return events
            }
            for _ in 0..<3 {
                let processID = try await service.processID()
                Glibc.kill(processID, SIGKILL)
                try await eventually { (try? await service.processID()) != processID }
            }
            let expected: [LifecycleEvent] = [
                .alive(epoch: 1), .restarting, .alive(epoch: 2), .restarting, .alive(epoch: 3),
                .terminated(.crashed(signal: SIGKILL, lastOutput: [])),
            ]
            #expect(await events.value == expected)
            let error = await clusterError { _ = try await service.call() }
            #expect(error?.code == .actorDied(.crashed(signal: SIGKILL, lastOutput: [])))
            #expect(error?.outcome == .notExecuted)
            #expect(journal.lines.count { $0 == "init" } == 3)
            #expect(try await system.resources().available == [.cpu: 4])
        }
    }

    @Test("a restart whose init throws counts, and a crash loop in init ends with its cause and last lines")
    func crashLoop() async throws {
        try await withCluster { test in
            let system = test.system
            let poison = ScratchFile()
            let options = ActorOptions(isolation: .process, restarts: .upTo(2, within: .seconds(600)))
            let poisoned = try await system.spawn(Service.self, .init(poison: poison.path), options: options)
            poison.create()
            Glibc.kill(try await poisoned.processID(), SIGKILL)
            let events = await Array(system.lifecycle(of: poisoned))
            guard case .terminated(.initFailed(let text)) = events.last else {
                Issue.record("\(events)")
                return
            }
            #expect(text.contains("closed"))

            let mine = ScratchFile()
            let mined = try await system.spawn(Service.self, .init(mine: mine.path), options: options)
            mine.create()
            Glibc.kill(try await mined.processID(), SIGKILL)
            guard case .terminated(.crashed(_, let lines)) = await Array(system.lifecycle(of: mined)).last
            else {
                Issue.record("no crash")
                return
            }
            #expect(lines.contains("stepping on a mine"))
            #expect(lines.contains { $0.contains("a mine") })
        }
    }

    @Test("kill ends for good, and with restart only the incarnation")
    func kill() async throws {
        try await withCluster { test in
            let system = test.system
            let options = ActorOptions(restarts: .upTo(1, within: .seconds(600)))
            let service = try await system.spawn(Service.self, .init(), options: options)
            #expect(try await service.call() == 1)
            try await system.kill(service, restart: true)
            #expect(try await service.call() == 1)
            #expect(try await system.actors().first?.epoch == 2)
            try await system.kill(service, restart: true)
            let error = await clusterError { _ = try await service.call() }
            #expect(error?.code == .actorDied(.killed))

            let other = try await system.spawn(Service.self, .init(), options: .init(restarts: .always))
            try await system.kill(other)
            #expect(await Array(system.lifecycle(of: other)) == [.terminated(.killed)])
        }
    }

    @Test(
        "watchers in all processes get each event once and in order, late ones begin with the present state"
    )
    func watchers() async throws {
        try await withCluster(nodes: 2) { test in
            let system = test.system
            let options = ActorOptions(isolation: .process, restarts: .always)
            let watched = try await system.spawn(Service.self, .init(), options: options)
            let watcher = try await system.spawn(Service.self, .init(), options: .init(isolation: .process))
            async let remote = watcher.events(of: watched, until: 4)
            var local: [LifecycleEvent] = []
            for await event in system.lifecycle(of: watched) {
                local.append(event)
                switch event {
                case .alive(epoch: 1): Glibc.kill(try await watched.processID(), SIGKILL)
                case .alive:
                    #expect(try await watcher.events(of: watched, until: 1) == [.alive(epoch: 2)])
                    try await system.kill(watched)
                case .restarting, .terminated: break
                }
            }
            let all: [LifecycleEvent] = [
                .alive(epoch: 1), .restarting, .alive(epoch: 2), .terminated(.killed),
            ]
            #expect(local == all)
            // It may have begun to watch at any time.
            let seen = try await remote
            #expect(all.suffix(seen.count) == seen[...])
        }
    }

    @Test("a call that waits for a restart in vain says why the actor is being restarted")
    func reason() async throws {
        try await withCluster { test in
            let system = test.system
            let poison = ScratchFile()
            let options = ActorOptions(isolation: .process, restarts: .always)
            let service = try await system.spawn(Service.self, .init(poison: poison.path), options: options)
            poison.create()
            Glibc.kill(try await service.processID(), SIGKILL)
            // Until the first failure of init is the cause of the next restart.
            try await eventually {
                let error = await clusterError {
                    _ = try await withCallOptions(timeout: .milliseconds(300)) { try await service.call() }
                }
                return error?.code == .timedOut && error?.message.contains("its init threw: closed") == true
            }
            try poison.remove()
            #expect(try await service.call() == 1)
        }
    }

    @Test("a worker that is stopped is declared dead, and never goes on beside its successor")
    func stoppedWorker() async throws {
        try await withCluster {
            $0.workerSilence = .milliseconds(300)
        } _: { test in
            let system = test.system
            let journal = ScratchFile()
            let options = ActorOptions(isolation: .process, restarts: .upTo(1, within: .seconds(600)))
            let service = try await system.spawn(Service.self, .init(journal: journal.path), options: options)
            let processID = try await service.processID()
            let inFlight = Task { try await service.slow(milliseconds: 60_000) }
            try await eventually { journal.lines.contains("slow") }
            Glibc.kill(processID, SIGSTOP)
            let error = await clusterError { _ = try await inFlight.value }
            guard case .workerDied(.crashed(signal: SIGKILL, let lines)) = error?.code else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(lines.contains { $0.contains("the raylet ended this worker") })
            Glibc.kill(processID, SIGCONT)
            #expect(Glibc.kill(processID, 0) == -1)
            #expect(try await service.call() == 1)
            #expect(try await system.actors().first?.epoch == 2)
        }
    }

    @Test(
        "an incarnation that goes on after its end takes nothing from its successor in the same worker",
        arguments: [Isolation.shared, .thread]
    )
    func lateEnd(isolation: Isolation) async throws {
        try await withCluster {
            $0.sharedWorkers = 1
            $0.lanes = 1
        } _: { test in
            let system = test.system
            let gate = ScratchFile()
            gate.create()
            let options = ActorOptions(isolation: isolation, restarts: .always)
            let actor = try await system.spawn(Stubborn.self, .init(gate: gate.path), options: options)
            let work = Task { try await actor.work() }
            for _ in 0..<5 {
                #expect(try await actor.answer() == 42)
                try await system.kill(actor, restart: true)
            }
            #expect(await clusterError { try await work.value } != nil)
            #expect(try await actor.answer() == 42)
            try gate.remove()
            // The first incarnation is freed some time after its method has ended.
            for _ in 0..<200 { #expect(try await actor.answer() == 42) }
        }
    }

    @Test("an init that goes on after its spawn was given up leaves no actor behind")
    func lateInit() async throws {
        try await withCluster {
            $0.sharedWorkers = 1
        } _: { test in
            let system = test.system
            let gate = ScratchFile()
            gate.create()
            let arguments = Stubborn.Arguments(gate: gate.path, blocksInit: true)
            let error = await clusterError {
                _ = try await withCallOptions(timeout: .milliseconds(100)) {
                    try await system.spawn(Stubborn.self, arguments, options: .init(resources: [.cpu: 4]))
                }
            }
            #expect(error?.code == .timedOut)
            try await eventually { try await system.resources().available == [.cpu: 4] }
            try gate.remove()
            #expect(try await system.actors().allSatisfy { $0.state == .dead })
        }
    }

    @Test("a call that waits for a restart ends when the cluster does")
    func shutdown() async throws {
        try await withCluster { test in
            let system = test.system
            let poison = ScratchFile()
            let options = ActorOptions(isolation: .process, restarts: .always)
            let service = try await system.spawn(Service.self, .init(poison: poison.path), options: options)
            poison.create()
            Glibc.kill(try await service.processID(), SIGKILL)
            try await eventually { try await system.actors().first?.state == .restarting }
            let calls = (0..<8).map { _ in
                Task { try await withCallOptions(timeout: .seconds(600)) { try await service.call() } }
            }
            let watch = Task { await Array(system.lifecycle(of: service)) }
            await test.stop()
            for call in calls {
                let error = await clusterError { _ = try await call.value }
                #expect(error?.code == .notConnected)
            }
            _ = await watch.value
        }
    }

    @Test("workers that are killed leave no socket behind while the cluster runs on")
    func sockets() async throws {
        try await withCluster { test in
            let system = test.system
            func socketCount() throws -> Int {
                try FileManager.default.contentsOfDirectory(atPath: test.directory).count
            }
            let options = ActorOptions(isolation: .process)
            try await system.kill(try await system.spawn(Service.self, .init(), options: options))
            for _ in 0..<10 {
                let service = try await system.spawn(Service.self, .init(), options: options)
                try await system.kill(service)
            }
            // The driver, its card and lock, and workers that are ready or starting.
            try await eventually { try socketCount() <= 10 }
        }
    }
}
