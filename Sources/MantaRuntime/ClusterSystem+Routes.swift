internal import Distributed
import MantaCore
import MantaTransport

/// Finding the process in which an actor lives, and the link to it.
extension ClusterSystem {
    /// The way to an actor; with retries, also where the link to it cannot be made at once.
    func reach(
        _ id: ActorID,
        _ method: CalledMethod,
        _ invocation: CallEncoder,
        _ deadline: Moment,
        _ attempts: inout CallAttempts
    ) async throws -> Route {
        var pause = Duration.milliseconds(10)
        while true {
            do {
                return try await findRoute(id, method, invocation, deadline)
            } catch let error as ClusterError {
                guard error.code == .notConnected else { throw attempts.final(error) }
                if let error = attempts.unreachable(error) { throw error }
            }
            try await Task.sleep(for: min(pause, deadline.since(Lane.now)))
            pause *= 2
        }
    }

    private func findRoute(
        _ id: ActorID,
        _ method: CalledMethod,
        _ invocation: CallEncoder,
        _ deadline: Moment
    ) async throws -> Route {
        if let route = route(id) { return route }
        if DispatchSelfTest.isRecorder(id),
            let call = DispatchSelfTest.RecordedCall(method.identifier, invocation)
        {
            throw call
        }
        if DeadlockProbe.isProbe(id), let link = DeadlockProbe.link {
            // Not kept: the question belongs to this link.
            let location = controlLane(of: link.peer, at: options.endpoint(of: link.peer))
            return Route(actor: id, location: location, connection: link)
        }
        let learned = takeLearned(id)
        if let learned, let connection = peers.connected(to: learned.process, lane: learned.lane),
            let route = keep(Route(actor: id, location: learned, connection: connection))
        {
            return route
        }
        let note = FateNote()
        // Read here: what follows has a task of its own.
        let here = lanes.first(where: \.isCurrent)
        do {
            return try await withDeadline(deadline) {
                try await self.makeRoute(id, learned, note, from: here)
            }
        } catch is DeadlinePassed {
            throw timedOut(method, id, wasSent: false, note.reason)
        }
    }

    private func makeRoute(
        _ id: ActorID,
        _ learned: ActorLocation?,
        _ note: FateNote,
        from here: Lane?
    ) async throws -> Route {
        var known = learned
        while true {
            let location: ActorLocation
            if let known { location = known } else { location = try await locate(id, note) }
            do {
                if let route = try await link(to: location, from: here).flatMap({ link in
                    keep(Route(actor: id, location: location, connection: link))
                }) {
                    return route
                }
                // There is another incarnation elsewhere: what led here is of yesterday.
                if case .system = id.kind { throw ended(location.process) }
                known = nil
            } catch let error as ClusterError {
                guard error.code == .notConnected, try await isElsewhere(id, location) else { throw error }
                known = nil
            }
        }
    }

    /// - Returns: `nil` when the process has ended for the directory, whoever still answers there.
    private func link(to location: ActorLocation, from here: Lane?) async throws -> Connection? {
        guard !hasEnded(location.process) else { return nil }
        let connection = try await peers.connection(to: location.process, lane: location.lane) {
            try await self.connect(to: location, from: here)
        }
        // It may have taken long, for a process that stood still. Those that were there already are closed by who hears of the end.
        guard hasEnded(location.process) else { return connection }
        connection.close("its process was declared dead")
        return nil
    }

    private func ended(_ process: ProcessID) -> ClusterError {
        ClusterError(.notConnected, "\(process) has ended", outcome: .notExecuted)
    }

    /// Nobody answers at `location`: the process may have just died. Whether the actor lives elsewhere, or will.
    ///
    /// - Throws: Why it does not, when it is dead.
    private func isElsewhere(_ id: ActorID, _ location: ActorLocation) async throws -> Bool {
        if case .system = id.kind { return false }
        guard let directory = currentDirectory() else { throw notConnected() }
        let fate = try await directory.fate(of: id, afterLosing: location.process)
        switch fate {
        case .restarting: return true
        case .alive(let now): return now.process != location.process
        case .dead, .unknown, .pending: throw error(for: fate, id, outcome: .notExecuted) ?? notConnected()
        }
    }

    private func locate(_ id: ActorID, _ note: FateNote) async throws -> ActorLocation {
        if case .system = id.kind { return try await location(ofControlLaneOf: ProcessID(id.scope)) }
        guard let directory = currentDirectory() else { throw notConnected() }
        let fate = try await note.decidedFate(of: id, in: directory)
        if case .alive(let location) = fate { return location }
        throw error(for: fate, id, outcome: .notExecuted) ?? notConnected()
    }

    /// Opens a link. It is served by the lane `here` of its first caller, whose calls then hop to no other; without one, and
    /// between control lanes, by the lane with the callee's number.
    func connect(to location: ActorLocation, from here: Lane? = nil) async throws -> Connection {
        let isControl = location.lane == Greeting.controlLane
        let lane = isControl ? control : here ?? lane(at: location.lane)
        let socket = try await greetedSocket(at: location, on: lane)
        return try await withCheckedThrowingContinuation { continuation in
            let isServed = lane.execute {
                continuation.resume(returning: Connection(socket, system: self, lane: lane))
            }
            guard !isServed else { return }
            socket.discard()
            continuation.resume(throwing: notConnected())
        }
    }
}
