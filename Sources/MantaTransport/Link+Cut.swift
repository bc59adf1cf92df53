import Synchronization

// A link on a network that fails: see `NetworkFaults`.

extension Link {
    /// Carries no byte in either direction until it is restored. What is sent waits here, what the peer has sent waits in
    /// the socket, and so does the news of its end. Only on the lane.
    func cut(by faults: NetworkFaults) {
        let isCut = output.withLock { output in
            guard output.closing == nil, output.cutBy == nil else { return false }
            output.cutBy = faults
            output.token = nil
            output.isWatchingWritable = false
            return true
        }
        // Taken off the lane, and not only read no more: the end of a socket is told in any case.
        guard isCut, let token = input.token else { return }
        lane.remove(token, descriptor: socket.descriptor)
        input.token = nil
    }

    /// Only on the lane.
    func restore() {
        let isRestored = output.withLock { output in
            guard output.closing == nil, output.cutBy != nil else { return false }
            output.cutBy = nil
            let token = lane.add(self, descriptor: socket.descriptor, events: output.interest)
            output.token = token
            input.token = token
            return true
        }
        if isRestored { flush() }
    }
}
