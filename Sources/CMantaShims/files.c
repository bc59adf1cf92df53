// What file systems say of files.
#define _GNU_SOURCE
#include "include/CMantaShims.h"

#include <errno.h>
#include <sys/stat.h>

int64_t manta_modified(const char *path) {
    struct stat status;
    if (lstat(path, &status) != 0) return -errno;
    return (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
}
