import Testing

/// A small world, and what may happen in it.
struct ReferenceModel: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var processes: Int
    var objects: [ReferenceWorld.Object]
    /// A process that has a reference to the first object from the start, and is registered.
    var borrower: Int?
    var budget: ReferenceWorld.Budget

    /// - Parameters:
    ///   - name: Of the test case.
    ///   - processes: How many; the first owns the first object.
    ///   - outerOwner: Who owns a second object that has a reference to the first inside, if there is one.
    ///   - borrower: Who has the first object from the start.
    ///   - budget: What may happen.
    init(
        _ name: String,
        processes: Int,
        outerOwner: Int? = nil,
        borrower: Int? = nil,
        _ budget: ReferenceWorld.Budget
    ) {
        testDescription = name
        self.processes = processes
        objects = [.init(owner: 0)] + (outerOwner.map { [.init(owner: $0, content: 0)] } ?? [])
        self.borrower = borrower
        self.budget = budget
    }

    var world: ReferenceWorld {
        var world = ReferenceWorld(processes: processes, objects: objects, budget: budget)
        if let borrower { world.share(0, with: borrower) }
        return world
    }
}
