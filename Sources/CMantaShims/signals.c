// Signals, `exit`, and the entry of workers that are test bundles.
#define _GNU_SOURCE
#include "include/CMantaShims.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_int watching_eventfd = -1;
// One bit for each signal.
static atomic_uint seen_signals = 0;

static void note_signal(int signal) {
    int error = errno;
    atomic_fetch_or(&seen_signals, 1u << signal);
    int fd = atomic_load(&watching_eventfd);
    if (fd >= 0) manta_eventfd_signal(fd);  // write(2) is async-signal-safe
    errno = error;
}

int manta_signal_watch(int signal, int eventfd) {
    struct sigaction current;
    if (sigaction(signal, NULL, &current) != 0) return -1;
    if (current.sa_handler != SIG_DFL && current.sa_handler != note_signal) return -1;
    atomic_store(&watching_eventfd, eventfd);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = note_signal;
    action.sa_flags = SA_RESTART;
    return sigaction(signal, &action, NULL);
}

int manta_signal_take(void) {
    unsigned seen = atomic_load(&seen_signals);
    // The highest first: SIGTERM says more than SIGHUP.
    for (int signal = 31; signal > 0; signal--)
        if (seen & (1u << signal)) {
            atomic_fetch_and(&seen_signals, ~(1u << signal));
            return signal;
        }
    return 0;
}

void manta_signal_restore(int number) {
    struct sigaction current;
    if (sigaction(number, NULL, &current) == 0 && current.sa_handler == note_signal) signal(number, SIG_DFL);
    atomic_store(&watching_eventfd, -1);
}

void manta_signal_raise_default(int number) {
    signal(number, SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    kill(getpid(), number);
}

static void do_nothing(int signal) { (void)signal; }

// Not SIG_IGN, which programs that this process starts would inherit.
void manta_ignore_signal(int number) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = do_nothing;
    action.sa_flags = SA_RESTART;
    sigaction(number, &action, NULL);
}

static atomic_int exit_hook_set = 0;

int manta_at_exit(void (*hook)(void)) {
    if (atomic_exchange(&exit_hook_set, 1)) return 0;
    return atexit(hook);
}

// A test bundle's `main` runs all its tests, so a worker that is one must not reach it: with this variable set, it
// enters the worker role before `main`. Programs enter it where they call `run` or `connect`.
extern void manta_worker_before_main(void) __attribute__((weak));

__attribute__((constructor)) static void enter_worker_before_main(void) {
    if (getenv("MANTA_WORKER_BEFORE_MAIN") != NULL && manta_worker_before_main) manta_worker_before_main();
}
