internal import CMantaShims
internal import Glibc
internal import Manta
internal import MantaTransport

/// The process that runs the node of a folder, held by a descriptor: what is asked of it never reaches another process
/// that got its number.
final class NodeHolder {
    let processID: Int32
    private let descriptor: Int32

    /// The process that has the folder's lock; `nil` when none has, or it has ended meanwhile.
    ///
    /// The number in the file `pid` may be that of a node which was killed. So it only counts when that process has the
    /// lock's file open.
    init?(of directory: String) {
        guard SessionCard.isLive(directory), let processID = NodeFolder.processID(in: directory) else {
            return nil
        }
        let descriptor = manta_pidfd_open(processID)
        guard descriptor >= 0 else { return nil }
        guard Self.has(processID, open: "\(directory)/lock") else {
            _ = manta_close(descriptor)
            return nil
        }
        self.processID = processID
        self.descriptor = descriptor
    }

    deinit { _ = manta_close(descriptor) }

    private static func has(_ processID: Int32, open path: String) -> Bool {
        var wanted = stat()
        guard stat(path, &wanted) == 0 else { return false }
        return FolderEntries.names(in: "/proc/\(processID)/fd").contains { name in
            var found = stat()
            return stat("/proc/\(processID)/fd/\(name)", &found) == 0 && found.st_dev == wanted.st_dev
                && found.st_ino == wanted.st_ino
        }
    }

    func signal(_ number: Int32) { _ = manta_pidfd_kill(descriptor, number) }

    /// Waits for its end.
    ///
    /// - Returns: Whether it has ended.
    func waitForEnd(atMost milliseconds: Int32) -> Bool {
        var state = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&state, 1, milliseconds) > 0
    }

    /// How many processes it has started that have not ended.
    var childCount: Int { Children.count(of: "\(processID)") }
}
