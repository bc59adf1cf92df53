// Files in memory, and their mapping into several processes.
#define _GNU_SOURCE
#include "include/CMantaShims.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

void (*manta_store_hook)(void) = NULL;

void manta_set_store_hook(void (*hook)(void)) { manta_store_hook = hook; }

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

int manta_unnamed_file(const char *directory) {
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);  // O_EXCL: linkat cannot name it
    return fd < 0 ? -errno : fd;
}

int manta_memory_file(const char *name) {
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_NOEXEC_SEAL);
    if (fd < 0 && errno == EINVAL) fd = memfd_create(name, MFD_CLOEXEC);  // before Linux 6.3
    return fd < 0 ? -errno : fd;
}

int manta_reopen(const char *path) {
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    return fd < 0 ? -errno : fd;
}

int manta_file_grow(int fd, uint64_t byte_count) {
    struct rlimit limit;
    // Past the limit the system would send SIGXFSZ, which ends the process.
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < byte_count)
        return -EFBIG;
    return ftruncate(fd, (off_t)byte_count) == 0 ? 0 : -errno;
}

int64_t manta_file_size(int fd, uint64_t *allocated) {
    struct stat status;
    if (fstat(fd, &status) != 0) return -errno;
    if (!S_ISREG(status.st_mode)) return -EINVAL;
    if (allocated) *allocated = (uint64_t)status.st_blocks * 512;
    return status.st_size;
}

int manta_file_reserve(int fd, uint64_t offset, uint64_t byte_count) {
    while (fallocate(fd, 0, (off_t)offset, (off_t)byte_count) != 0)
        if (errno != EINTR) return -errno;
    return 0;
}

int manta_file_release(int fd, uint64_t offset, uint64_t byte_count) {
    int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    while (fallocate(fd, mode, (off_t)offset, (off_t)byte_count) != 0)
        if (errno != EINTR) return -errno;
    return 0;
}

ssize_t manta_file_read(int fd, void *bytes, size_t byte_count, uint64_t offset) {
    ssize_t count = pread(fd, bytes, byte_count, (off_t)offset);
    return count < 0 ? -errno : count;
}

void *manta_map_shared(int fd, size_t byte_count) {
    void *base = mmap(NULL, byte_count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (base == MAP_FAILED) return NULL;
    madvise(base, byte_count, MADV_DONTDUMP);
    return base;
}

void manta_unmap(void *base, size_t byte_count) { munmap(base, byte_count); }

int manta_populate(void *base, size_t byte_count) {
    return madvise(base, byte_count, MADV_POPULATE_WRITE) == 0 ? 0 : -errno;
}

static int byte_lock(int fd, int command, uint64_t offset, struct flock *lock) {
    lock->l_whence = SEEK_SET;
    lock->l_start = (off_t)offset;
    lock->l_len = 1;
    lock->l_pid = 0;
    return fcntl(fd, command, lock) == 0 ? 0 : -errno;
}

int manta_byte_lock(int fd, uint64_t offset) {
    struct flock lock = {.l_type = F_WRLCK};
    return byte_lock(fd, F_OFD_SETLK, offset, &lock);
}

void manta_byte_unlock(int fd, uint64_t offset) {
    struct flock lock = {.l_type = F_UNLCK};
    byte_lock(fd, F_OFD_SETLK, offset, &lock);
}

int manta_byte_is_locked(int fd, uint64_t offset) {
    struct flock lock = {.l_type = F_WRLCK};
    int error = byte_lock(fd, F_OFD_GETLK, offset, &lock);
    return error ? error : lock.l_type != F_UNLCK;
}
