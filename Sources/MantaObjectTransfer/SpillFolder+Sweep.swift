internal import CMantaShims
internal import Glibc
internal import MantaCore
internal import MantaTransport

/// Makes the folder and locks its lock file.
///
/// Others that sweep may take away a folder that has no locked file yet; then it is made again.
func makeLockedFolder(_ path: String) throws(ClusterError) -> Int32 {
    var number: Int32 = 0
    for _ in 0..<1_000 {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            number = errno
            break
        }
        let file = open("\(path)/\(SpillFolder.lockName)", O_RDONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            number = errno
            // Between the two calls.
            if number == ENOENT { continue }
            break
        }
        let status = manta_lock_file(file)
        var current = stat()
        if status == 0, fstat(file, &current) == 0, current.st_nlink > 0 { return file }
        // It is being swept, or has just been.
        close(file)
        number = status == 0 ? ENOENT : -status
    }
    throw ClusterError(
        .outOfDisk,
        "cannot make the folder \(path) for spilled objects: \(describe(error: number))",
        hint: "name a folder that can be written to"
    )
}

/// Removes the folders in `directory` that belong to nobody any more.
package func sweepSpillFolders(in directory: String) {
    for name in FolderEntries.names(in: directory) where name.hasPrefix(SpillFolder.prefix) {
        let folder = "\(directory)/\(name)"
        var status = stat()
        // Not another user's, and no link to elsewhere.
        guard lstat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid()
        else {
            continue
        }
        let file = open("\(folder)/\(SpillFolder.lockName)", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            // Empty: it is being made, and is then made again, or its maker died just then.
            rmdir(folder)
            continue
        }
        if manta_lock_file(file) == 0 { removeSpillFolder(folder) }
        close(file)
    }
}

/// Removes the folder with all files in it; the lock last, so that what is left after a crash is swept again.
func removeSpillFolder(_ path: String) {
    removeFiles(in: path)
    unlink("\(path)/\(SpillFolder.lockName)")
    rmdir(path)
}

func removeFiles(in path: String) {
    for name in FolderEntries.names(in: path) where name != SpillFolder.lockName { unlink("\(path)/\(name)") }
}
