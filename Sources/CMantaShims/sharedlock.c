// A mutex in memory that processes share, which survives the death of its holder.
#define _GNU_SOURCE
#include "include/CMantaShims.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

_Static_assert(sizeof(pthread_mutex_t) <= 64, "the layout of shared memory leaves 64 bytes for it");

int manta_shared_lock_init(void *lock) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    int error = pthread_mutex_init(lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return -error;
}

static void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

int manta_shared_lock(void *lock, uint64_t nanoseconds) {
    int error = pthread_mutex_trylock(lock);
    // Who holds it mostly lets go within a few hundred nanoseconds: sooner than a thread falls asleep and wakes.
    for (int i = 0; error == EBUSY && i < 100; i++) {
        pause_briefly();
        error = pthread_mutex_trylock(lock);
    }
    if (error == EBUSY) {
        struct timespec end;
        clock_gettime(CLOCK_MONOTONIC, &end);
        uint64_t sum = (uint64_t)end.tv_nsec + nanoseconds;
        end.tv_sec += (time_t)(sum / 1000000000u);
        end.tv_nsec = (long)(sum % 1000000000u);
        error = pthread_mutex_clocklock(lock, CLOCK_MONOTONIC, &end);
    }
    return error == EOWNERDEAD ? 1 : -error;
}

void manta_shared_lock_repaired(void *lock) { pthread_mutex_consistent(lock); }

void manta_shared_unlock(void *lock) { pthread_mutex_unlock(lock); }
