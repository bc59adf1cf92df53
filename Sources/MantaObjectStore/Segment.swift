internal import CMantaShims
internal import Glibc
internal import MantaCore

/// The file of a store, open and mapped whole; closed and unmapped with the last reference.
final class Segment: Sendable {
    let file: Int32
    let tables: StoreTables
    /// Where its memory comes from, for error messages.
    let directory: String

    var layout: StoreLayout { tables.layout }
    var header: StoreHeader { tables.header }

    /// Takes over `file`, also when it throws.
    private init(file: Int32, layout: StoreLayout, directory: String) throws(ClusterError) {
        guard let base = manta_map_shared(file, layout.byteCount) else {
            let reason = describe(errno)
            manta_close(file)
            throw ClusterError(
                .storeFull,
                "an object store of \(layout.byteCount) bytes cannot be mapped: \(reason)",
                hint: "look at the limits on address space (ulimit -v)"
            )
        }
        self.file = file
        self.tables = StoreTables(base: base, layout: layout)
        self.directory = directory
    }

    deinit {
        manta_unmap(tables.base, layout.byteCount)
        manta_close(file)
    }

    // MARK: Making

    /// Makes the file, in `directory` or, when that cannot hold files without a name, in memory of its own.
    static func make(
        _ layout: StoreLayout,
        directory: String,
        keeper: ProcessID
    ) throws(ClusterError) -> Segment {
        var place = directory
        var file = manta_unnamed_file(directory)
        if file < 0 {
            place = "memory"
            file = manta_memory_file("manta-objects")
        }
        guard file >= 0 else {
            throw ClusterError(.storeFull, "no file in memory can be made: \(describe(-file))")
        }
        var code = manta_file_grow(file, UInt64(layout.byteCount))
        // The first records and pin nodes come with it, so a store that is there can always hold and show a few.
        for (offset, byteCount) in [
            (0, layout.fixedByteCount), (layout.recordsOffset, StoreLayout.tableStep),
            (layout.pinsOffset, StoreLayout.tableStep),
        ] where code == 0 {
            code = manta_file_reserve(file, UInt64(offset), UInt64(byteCount))
        }
        guard code == 0 else {
            manta_close(file)
            throw refused(layout.fixedByteCount + 2 * StoreLayout.tableStep, in: place, code: code)
        }
        let segment = try Segment(file: file, layout: layout, directory: place)
        let header = segment.header
        for lock in [header.tableLock, header.growthLock] {
            let code = manta_shared_lock_init(lock)
            guard code == 0 else {
                throw ClusterError(
                    .incompatible,
                    "the system has no locks that processes can share: \(describe(-code))"
                )
            }
        }
        header.reservedRecords = UInt32(StoreLayout.tableStep / StoreLayout.recordByteCount)
        header.reservedPins = UInt32(StoreLayout.tableStep / StoreLayout.pinByteCount)
        header.describe(layout, keeper: keeper)
        return segment
    }

    /// The error when the system has no memory for the store.
    static func refused(_ byteCount: Int, in directory: String, code: Int32) -> ClusterError {
        ClusterError(
            .storeFull,
            "the system has no \(byteCount) bytes more for the object store in \(directory): \(describe(-code))",
            hint: "make that file system larger (docker run --shm-size), or the store's capacity smaller"
        )
    }

    // MARK: Opening

    /// Opens what another process, or another part of this one, made.
    static func open(_ address: ObjectStore.Address) throws(ClusterError) -> Segment {
        guard (1...StoreLayout.capacityLimit).contains(address.capacity) else {
            throw ClusterError(
                .incompatible,
                "\(address.capacity) bytes are no capacity of an object store"
            )
        }
        let file = manta_reopen(address.path)
        guard file >= 0 else { throw unreachable(address, code: -file) }
        let layout = StoreLayout(capacity: address.capacity)
        if let mismatch = mismatch(of: file, with: layout) {
            manta_close(file)
            throw ClusterError(
                .incompatible,
                "what is open at \(address.path) cannot be used as this node's object store: \(mismatch)",
                hint: "run the same version of Manta in all processes of the node"
            )
        }
        return try Segment(file: file, layout: layout, directory: directory(of: address.path))
    }

    /// Reads instead of mapping: a mapping of a file that is too short ends the process when it is touched.
    private static func mismatch(of file: Int32, with layout: StoreLayout) -> String? {
        let size = manta_file_size(file, nil)
        guard size >= 0 else { return "it is no regular file" }
        return withUnsafeTemporaryAllocation(byteCount: StoreHeader.fixedByteCount, alignment: 8) { bytes in
            guard let start = bytes.baseAddress,
                manta_file_read(file, start, bytes.count, 0) == bytes.count
            else { return "it is too short, with \(size) bytes" }
            return StoreHeader(base: start).mismatch(with: layout, fileByteCount: Int(size))
        }
    }

    private static func unreachable(_ address: ObjectStore.Address, code: Int32) -> ClusterError {
        switch code {
        case ENOENT, ESRCH, ENXIO:
            ClusterError(
                .notConnected,
                "the keeper of the object store at \(address.path) has ended: \(describe(code))"
            )
        case EACCES, EPERM:
            ClusterError(
                .notConnected,
                "the object store at \(address.path) cannot be opened: \(describe(code))",
                hint: "run all processes of the node as one user, in one container"
            )
        default:
            ClusterError(
                .notConnected,
                "the object store at \(address.path) cannot be opened: \(describe(code))"
            )
        }
    }

    /// The folder that a descriptor's file is in, as the system tells it.
    private static func directory(of path: String) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
            let count = buffer.baseAddress.map { readlink(path, $0, buffer.count) } ?? 0
            let target = String(
                decoding: buffer[..<max(0, count)].map(UInt8.init(bitPattern:)),
                as: UTF8.self
            )
            guard let slash = target.lastIndex(of: "/"), slash > target.startIndex,
                !target.hasPrefix("/memfd:")
            else { return "memory" }
            return String(target[..<slash])
        }
    }
}

/// The system's text for an error number.
func describe(_ code: Int32) -> String {
    guard let text = strerror(code) else { return "error \(code)" }
    return String(cString: text)
}
