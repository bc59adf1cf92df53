#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static unsigned char *buffer_for(size_t request, size_t reply) {
    size_t size = request > reply ? request : reply;
    unsigned char *bytes = malloc(size);
    if (bytes) memset(bytes, 7, size);  // touched, so that no round pays for fresh pages
    return bytes;
}

void cfloor_serve_ping_pong(cfloor_channel channel, size_t request, size_t reply) {
    unsigned char *bytes = buffer_for(request, reply);
    if (!bytes) _exit(1);
    while (cfloor_receive_all(channel, bytes, request) == 0 && cfloor_send_all(channel, bytes, reply) == 0) {}
    _exit(0);
}

int cfloor_start(cfloor_ping_pong *game, cfloor_transport transport, size_t request, size_t reply) {
    char role[64];
    snprintf(role, sizeof role, "ping-pong:%zu:%zu", request, reply);
    game->request = request;
    game->reply = reply;
    return cfloor_spawn_peer(&game->channel, transport, role, &game->peer);
}

int cfloor_play(const cfloor_ping_pong *game, uint64_t *nanoseconds, size_t count) {
    unsigned char *bytes = buffer_for(game->request, game->reply);
    if (!bytes) return -ENOMEM;
    int error = 0;
    uint64_t before = cfloor_now();
    for (size_t i = 0; i < count && error == 0; i++) {
        error = cfloor_send_all(game->channel, bytes, game->request);
        if (error == 0) error = cfloor_receive_all(game->channel, bytes, game->reply);
        uint64_t after = cfloor_now();
        nanoseconds[i] = after - before;
        before = after;
    }
    free(bytes);
    return error;
}

void cfloor_stop(const cfloor_ping_pong *game) { cfloor_stop_peer(game->channel, game->peer); }

// MARK: Clocks, cores, pipes

static uint64_t nanoseconds_of(clockid_t clock) {
    struct timespec time;
    if (clock_gettime(clock, &time) != 0) return 0;
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t cfloor_now(void) { return nanoseconds_of(CLOCK_MONOTONIC); }

uint64_t cfloor_processor_time(pid_t process) {
    clockid_t clock;
    return clock_getcpuclockid(process, &clock) == 0 ? nanoseconds_of(clock) : 0;
}

int cfloor_last_core(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 0;
    int last = 0;
    for (int core = 0; core < CPU_SETSIZE; core++) {
        if (CPU_ISSET(core, &set)) last = core;
    }
    return last;
}

int cfloor_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }
