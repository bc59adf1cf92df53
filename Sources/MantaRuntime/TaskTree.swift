internal import CMantaShims
import Synchronization

/// Whether a task is a child, or a child's child, of another, which then cannot end before it.
///
/// The runtime has no function for that: where the parent is kept is read from memory. It is believed only after
/// a test at the start of the process; before, nothing is known but whether a task is itself.
enum TaskTree {
    private static let isKnown = Atomic<Bool>(false)
    private static let depthLimit = 1_000

    /// Whether the current task is `ancestor`, or is awaited by it.
    static func currentTask(isWithin ancestor: UInt) -> Bool {
        var task = manta_task_identity()
        if task == ancestor { return task != 0 }
        guard isKnown.load(ordering: .relaxed) else { return false }
        for _ in 0..<depthLimit {
            task = manta_task_parent(task)
            if task == 0 { return false }
            if task == ancestor { return true }
        }
        return false
    }

    /// Compares what is read from memory with what is known: children of two kinds, and a task that is none.
    static func learn() async {
        guard !isKnown.load(ordering: .relaxed) else { return }
        // The compiler whose runtime has this layout, as far as it is known.
        #if compiler(>=6.3) && compiler(<6.4)
        let parent = manta_task_identity()
        guard parent != 0 else { return }
        async let child = manta_task_parent(manta_task_identity()) == parent
        async let grandchild = isGrandchild(of: parent)
        let inGroup = await withTaskGroup(of: Bool.self) { group in
            group.addTask { manta_task_parent(manta_task_identity()) == parent }
            return await group.next() ?? false
        }
        let other = await Task { manta_task_parent(manta_task_identity()) == 0 }.value
        let known = (await child, await grandchild)
        if known.0, known.1, inGroup, other { isKnown.store(true, ordering: .relaxed) }
        #endif
    }

    private static func isGrandchild(of parent: UInt) async -> Bool {
        async let result = manta_task_parent(manta_task_parent(manta_task_identity())) == parent
        return await result
    }
}
