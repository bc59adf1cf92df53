#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

// MARK: Programs

void cfloor_become_program(char *const arguments[]) {
    const char *kind = getenv(CFLOOR_PROGRAM_VARIABLE);
    if (!kind || strcmp(kind, CFLOOR_PROGRAM_STAYS) != 0) prctl(PR_SET_PDEATHSIG, SIGTERM);
    unsetenv(CFLOOR_PROGRAM_VARIABLE);
    setpgid(0, 0);
    execv(arguments[0], arguments);
    perror(arguments[0]);
    _exit(127);
}

int cfloor_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 ? 0 : -errno; }

// MARK: Signals

static volatile sig_atomic_t caught, child;

static void note(int number, siginfo_t *info, void *context) {
    (void)context;
    caught = number;
    // What comes from a terminal has reached the child too, and the second one would end it at once.
    if (child > 0 && info->si_code <= 0) kill(child, number);
}

void cfloor_catch_signals(void) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) sigaction(numbers[i], &action, NULL);
}

void cfloor_pass_signals_to(pid_t process) { child = process; }

int cfloor_caught_signal(void) { return caught; }

void cfloor_end_as_caught(void) {
    if (caught == 0) return;
    signal(caught, SIG_DFL);
    // To the process: threads of Swift's pool have signals blocked.
    kill(getpid(), caught);
    while (1) pause();
}

// MARK: Disks

int cfloor_sync_run(const char *path, size_t size, size_t count, uint64_t *nanoseconds) {
    unsigned char *bytes = calloc(1, size);
    int fd = bytes ? open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    int error = fd < 0 ? -errno : 0;
    uint64_t before = cfloor_now();
    for (size_t i = 0; i < count && error == 0; i++) {
        if (write(fd, bytes, size) != (ssize_t)size || fdatasync(fd) != 0) error = errno ? -errno : -EIO;
    }
    *nanoseconds = cfloor_now() - before;
    if (fd >= 0) {
        close(fd);
        unlink(path);
    }
    free(bytes);
    return error;
}
