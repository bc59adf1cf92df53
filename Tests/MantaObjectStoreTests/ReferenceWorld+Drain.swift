import MantaCore
import MantaObjectStore

/// How it ends.
extension ReferenceWorld {
    /// Lets it come to rest with no more faults, and checks that all know how their references stand; then lets
    /// every handle go, and checks that nothing is left.
    ///
    /// What is on its way is lost, which is harder than if it arrived.
    ///
    /// - Parameter isKnown: Whether this world has been drained before.
    mutating func drain(unless isKnown: (ReferenceWorld) -> Bool) {
        frames = []
        messages = []
        for end in ends.sorted(by: { $0.order < $1.order }) { tell(end) }
        for call in calls.keys.sorted(by: { $0.order < $1.order }) { conclude(call) }
        for way in handedOut.keys.sorted(by: { $0.order < $1.order }) { giveUp(way) }
        for way in catchUps.sorted(by: { $0.order < $1.order }) { catchUp(way) }
        var now = Self.late
        guard rest(&now, unless: isKnown) else { return }
        for process in living {
            for object in objects.indices { checkStatus(of: object, at: process) }
        }
        for process in living {
            for object in objects.indices { dropAll(object, at: process) }
        }
        guard rest(&now, unless: isKnown) else { return }
        checkEmpty()
    }

    /// Exchanges updates until there are none.
    ///
    /// - Returns: False when it is known how that ends, or something is wrong.
    private mutating func rest(_ now: inout Moment, unless isKnown: (ReferenceWorld) -> Bool) -> Bool {
        for _ in 0..<1000 {
            guard violation == nil, !isKnown(self) else { return false }
            for process in living { take(from: process, now: now) }
            if messages.isEmpty { return true }
            while let message = messages.min(by: { $0.order < $1.order }) { deliver(message) }
            while let way = catchUps.min(by: { $0.order < $1.order }) { catchUp(way) }
            // By then whatever is late is due.
            now = now + .seconds(3600)
        }
        oracle.fail("it does not come to rest")
        return false
    }

    /// But what is written into an object.
    private mutating func dropAll(_ object: Int, at process: Int) {
        while droppable(object, at: process) > 0 { drop(object, at: process) }
    }

    private mutating func checkStatus(of object: Int, at process: Int) {
        guard oracle.handles(of: object, at: process) > 0 else { return }
        let owner = objects[object].owner
        let status = tables[process].status(of: id(object))
        let expected: ReferenceTable.Status =
            if owner == process {
                .owned
            } else if !oracle.isAlive[owner] {
                .ownerDied(owner: Self.process(owner))
            } else if oracle.freed.contains(object) {
                .lost(owner: Self.process(owner))
            } else {
                .borrowed(owner: Self.process(owner))
            }
        if status != expected {
            oracle.fail("object \(object) is \(status) for process \(process), not \(expected)")
        }
        if case .borrowed = expected, !oracle.isRegistered(object, of: process) {
            oracle.fail("process \(process) is not registered for object \(object)")
        }
    }

    private mutating func checkEmpty() {
        for process in living where !tables[process].isEmpty || !tables[process].peers.isEmpty {
            oracle.fail("process \(process) is not empty in the end: \(tables[process])")
        }
        for object in oracle.created where oracle.isAlive[objects[object].owner] {
            if !oracle.freed.contains(object) { oracle.fail("object \(object) is not freed in the end") }
        }
    }
}
