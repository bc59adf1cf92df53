package import MantaCore
internal import MantaObjectStore
internal import Synchronization

/// The ends of other processes, as the directory tells them.
extension ClusterSystem {
    /// These processes have ended for good: nobody there refers to an object, or waits for a reply.
    ///
    /// May come before the last word of such a process, and more than once. Nothing that this process is told of itself counts.
    package func ended(_ processes: [ProcessID]) {
        let processes = processes.filter { $0 != process }
        guard !processes.isEmpty else { return }
        // First this, so that who comes too late to be found below finds it noted.
        endedProcesses.withLock { ended in
            for process in processes { ended.insert(process) }
        }
        let callers = Set(processes)
        for actor in hosted.all { actor.ended(callers) }
        objects?.ended(processes)
    }

    /// Whether a process has ended, of those of whose end this one was told.
    package func hasEnded(_ process: ProcessID) -> Bool { endedProcesses.withLock { $0.contains(process) } }

    /// The processes whose end matters here, for who has missed what the directory tells.
    package func peersToAskFor() async -> Set<ProcessID> {
        var peers = await objects?.peers() ?? []
        for actor in hosted.all { peers.formUnion(actor.openCallers) }
        // Also those to which there is only a link, or will be: it may lead to an incarnation that has been replaced.
        return peers.union(linkedProcesses).union(self.peers.calledProcesses).subtracting([process])
    }
}
