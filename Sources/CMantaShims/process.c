// Starting and ending worker processes.
#define _GNU_SOURCE
#include "include/CMantaShims.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t manta_spawn(const char *path, char *const argv[], char *const envp[], int control, int out, int err,
                  int own_group) {
    return manta_spawn_in(NULL, path, argv, envp, control, out, err, own_group);
}

pid_t manta_spawn_in(const char *directory, const char *path, char *const argv[], char *const envp[], int control,
                     int out, int err, int own_group) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);

    // The targets 0-3 may be the number of one of the sources, so the sources first move out of the way.
    int moved[3] = {fcntl(control, F_DUPFD_CLOEXEC, 10), fcntl(out, F_DUPFD_CLOEXEC, 10),
                    fcntl(err, F_DUPFD_CLOEXEC, 10)};
    int error = 0;
    for (int i = 0; i < 3; i++)
        if (moved[i] < 0) error = errno;

    pid_t pid = -1;
    if (!error) {
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, moved[1], 1);
        posix_spawn_file_actions_adddup2(&actions, moved[2], 2);
        posix_spawn_file_actions_adddup2(&actions, moved[0], 3);
        posix_spawn_file_actions_addclosefrom_np(&actions, 4);

        sigset_t all, none;
        sigfillset(&all);
        sigemptyset(&none);
        posix_spawnattr_setsigdefault(&attributes, &all);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setpgroup(&attributes, 0);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
                                                  (own_group ? POSIX_SPAWN_SETPGROUP : 0));
        if (directory) posix_spawn_file_actions_addchdir_np(&actions, directory);
        // A program that was written a moment ago may still be open for that in another child, between its fork and exec.
        for (int i = 0; i < 20; i++) {
            error = posix_spawn(&pid, path, &actions, &attributes, argv, envp);
            if (error != ETXTBSY) break;
            usleep(1000);
        }
    }
    for (int i = 0; i < 3; i++)
        if (moved[i] >= 0) close(moved[i]);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error ? -error : pid;
}

ssize_t manta_copy_range(int from, int to, size_t count) {
    ssize_t copied = copy_file_range(from, NULL, to, NULL, count, 0);
    return copied < 0 ? -errno : copied;
}

int manta_pidfd_open(pid_t pid) {
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);  // close-on-exec by definition
    return fd < 0 ? -errno : fd;
}

int manta_pidfd_kill(int pidfd, int signal) {
    return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) == 0 ? 0 : -errno;
}

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

int manta_pidfd_reap(int pidfd, int *code, int *signalled) {
    siginfo_t info = {0};
    if (waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG) != 0) return -errno;
    if (info.si_pid == 0) return 0;
    *code = info.si_status;
    *signalled = info.si_code != CLD_EXITED;
    return 1;
}
