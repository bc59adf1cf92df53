internal import CMantaTLS
internal import Glibc
package import MantaCore

extension ClusterSecret {
    /// Reads the secret from a file that only its user can read.
    ///
    /// - Throws: ``ClusterError`` with code `unauthenticated` when others may read or change the file, and
    ///   `invalidArgument` when there is no such file, or something else is in it.
    package init(contentsOf path: String) throws(ClusterError) {
        // A pipe would make this wait.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw cannotOpen(path, errno) }
        defer { close(file) }
        try checkAccess(of: file, path)

        let capacity = Self.textByteCount + 1  // one more, to notice a longer file
        let secret = withUnsafeTemporaryAllocation(byteCount: capacity, alignment: 1) { text in
            defer { manta_tls_wipe(text.baseAddress, capacity) }
            let count = readAll(file, into: text)
            return count.flatMap { ClusterSecret(text: UnsafeRawBufferPointer(rebasing: text[..<$0])) }
        }
        guard let secret else {
            throw ClusterError(
                .invalidArgument,
                "\(path) is no cluster secret: it must hold 64 hexadecimal digits and nothing else",
                hint: "copy the file of the head node anew"
            )
        }
        self = secret
    }

    /// Writes the secret to a new file, which only this user can read. It is there whole or not at all, also
    /// after a crash.
    ///
    /// - Throws: ``ClusterError`` with code `invalidArgument` when there is a file already, which stays as it
    ///   is, or when none can be written.
    package func write(to path: String) throws(ClusterError) {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let draft = "\(path).\(getpid()).\(UInt32.random(in: 0 ... .max)).new"
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw cannotWrite(path, errno) }
        defer {
            close(file)
            unlink(draft)
        }
        // Whatever the process takes away from the mode of its files.
        guard fchmod(file, 0o600) == 0, writeText(to: file), fsync(file) == 0 else {
            throw cannotWrite(path, errno)
        }
        // Fails where a file has the name, as `rename` would not.
        guard link(draft, path) == 0 else { throw cannotWrite(path, errno) }
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        fsync(directory)
        close(directory)
    }

    /// `false`: `errno` tells why.
    private func writeText(to file: Int32) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: Self.textByteCount, alignment: 1) { text in
            write(into: text)
            defer { manta_tls_wipe(text.baseAddress, text.count) }
            let count = Glibc.write(file, text.baseAddress, text.count)
            // So few bytes are written in part only when no more have room.
            if count >= 0, count < text.count { errno = ENOSPC }
            return count == text.count
        }
    }
}

/// `nil` when it cannot be read.
private func readAll(_ file: Int32, into text: UnsafeMutableRawBufferPointer) -> Int? {
    var count = 0
    while count < text.count {
        let some = read(file, text.baseAddress?.advanced(by: count), text.count - count)
        if some == 0 { break }
        if some > 0 { count += some } else if errno != EINTR { return nil }
    }
    return count
}

private func checkAccess(of file: Int32, _ path: String) throws(ClusterError) {
    var status = stat()
    guard fstat(file, &status) == 0 else { throw cannotOpen(path, errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
        throw ClusterError(.invalidArgument, "the cluster secret \(path) is not a file")
    }
    guard status.st_uid == geteuid() || status.st_uid == 0 else {
        throw ClusterError(
            .unauthenticated,
            "the cluster secret \(path) belongs to user \(status.st_uid), and this process to user \(geteuid())",
            hint: "chown \(geteuid()) \(path)"
        )
    }
    let mode = status.st_mode & 0o7777
    guard mode & 0o077 == 0 else {
        throw ClusterError(
            .unauthenticated,
            "other users have access to the cluster secret \(path): its mode is 0\(String(mode, radix: 8))",
            hint: "chmod 600 \(path), and make a new secret if somebody may have read this one"
        )
    }
}

private func cannotOpen(_ path: String, _ number: Int32) -> ClusterError {
    ClusterError(
        .invalidArgument,
        "cannot read the cluster secret \(path): \(describe(error: number))",
        hint: number == ENOENT ? "copy the file of the head node to this machine, with mode 0600" : nil
    )
}

private func cannotWrite(_ path: String, _ number: Int32) -> ClusterError {
    ClusterError(
        .invalidArgument,
        "cannot write a new cluster secret to \(path): \(describe(error: number))",
        hint: number == EEXIST ? "use that secret, or another path" : nil
    )
}
