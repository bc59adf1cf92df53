import MantaCore
internal import MantaObjectStore
internal import MantaObjectTransfer
internal import MantaTransport
import Synchronization

/// The objects of a node that are on its disk and not in memory.
final class Spills: Sendable {
    /// What is known of one without opening its file.
    struct Note: Sendable {
        var owner: ProcessID
        var byteCount: Int
        var since: Moment
    }

    private struct Folder {
        /// Made when the first object comes.
        var made: SpillFolder?
        /// It was removed, and is not made anew.
        var isClosed = false
    }

    private let directory: String?
    private let node: NodeID
    private let folder = Mutex(Folder())
    private let notes = Mutex<[ObjectID: Note]>([:])

    /// - Parameters:
    ///   - directory: Where the folder for files goes; `nil`: nothing is ever spilled.
    ///   - node: Whose objects they are.
    init(directory: String?, node: NodeID) {
        self.directory = directory
        self.node = node
    }

    var isPossible: Bool { directory != nil }

    /// Removes what nodes have left that were killed.
    func sweep() { if let directory { sweepSpillFolders(in: directory) } }

    var all: [ObjectID: Note] { notes.withLock { $0 } }

    func contains(_ id: ObjectID) -> Bool { notes.withLock { $0[id] != nil } }
    func byteCount(of id: ObjectID) -> Int { notes.withLock { $0[id]?.byteCount ?? 0 } }

    /// Writes an object, and notes that it is here.
    func write(_ pin: ObjectPin) throws(ClusterError) {
        try open().write(ObjectHead(of: PinnedSource(pin)), pin.bytes)
        let note = Note(owner: pin.owner, byteCount: pin.bytes.count, since: Lane.now)
        notes.withLock { $0[pin.id] = note }
    }

    /// An object's file; `nil` when it is not here.
    func open(_ id: ObjectID) throws(ClusterError) -> SpilledObject? {
        guard contains(id), let folder = folder.withLock({ $0.made }) else { return nil }
        return try folder.open(id)
    }

    /// Whether it was here.
    func remove(_ id: ObjectID) -> Bool {
        guard notes.withLock({ $0.removeValue(forKey: id) }) != nil else { return false }
        folder.withLock { $0.made }?.remove(id)
        return true
    }

    func removeAll(ownedBy owner: ProcessID) {
        for (id, note) in all where note.owner == owner { _ = remove(id) }
    }

    /// Removes the files and their folder, for good: nothing is written any more.
    func removeAll() {
        notes.withLock { $0 = [:] }
        let made = folder.withLock { folder in
            folder.isClosed = true
            return folder.made.take()
        }
        made?.removeAll()
    }

    private func open() throws(ClusterError) -> SpillFolder {
        guard let directory else { preconditionFailure("an object is spilled where nothing is") }
        let result = folder.withLock { folder in
            Result { () throws(ClusterError) in
                if let made = folder.made { return made }
                guard !folder.isClosed else {
                    throw ClusterError(
                        .notConnected,
                        "the object store of \(node) has ended: it spills nothing"
                    )
                }
                let made = try SpillFolder(in: directory, of: node)
                folder.made = made
                return made
            }
        }
        return try result.get()
    }
}
