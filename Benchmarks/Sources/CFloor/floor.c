#define _GNU_SOURCE
#include "CFloor.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PEER_VARIABLE "MANTA_BENCH_FLOOR_PEER"
#define PEER_SOCKET 3

extern char **environ;

static int receive_all(int fd, unsigned char *bytes, size_t count) {
    while (count > 0) {
        ssize_t n = read(fd, bytes, count);
        if (n == 0) return -EPIPE;
        if (n < 0) {
            if (errno == EINTR) continue;
            return -errno;
        }
        bytes += n;
        count -= (size_t)n;
    }
    return 0;
}

static int send_all(int fd, const unsigned char *bytes, size_t count) {
    while (count > 0) {
        ssize_t n = send(fd, bytes, count, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EINTR) continue;
            return -errno;
        }
        bytes += n;
        count -= (size_t)n;
    }
    return 0;
}

static unsigned char *buffer_for(size_t request, size_t reply) {
    size_t size = request > reply ? request : reply;
    unsigned char *bytes = malloc(size);
    if (bytes) memset(bytes, 7, size);  // touched, so that no round pays for fresh pages
    return bytes;
}

// MARK: The peer

static void serve(size_t request, size_t reply) {
    unsigned char *bytes = buffer_for(request, reply);
    if (!bytes) _exit(1);
    while (receive_all(PEER_SOCKET, bytes, request) == 0 && send_all(PEER_SOCKET, bytes, reply) == 0) {}
    _exit(0);
}

/// Runs before `main`, and before Swift's runtime starts a thread: threads inherit the core of who starts them.
__attribute__((constructor)) static void enter_role(void) {
    const char *core = getenv(CFLOOR_CORE_VARIABLE);
    if (core) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(atoi(core), &set);
        if (sched_setaffinity(0, sizeof set, &set) != 0) {
            perror("manta-bench: cannot pin this process to core " CFLOOR_CORE_VARIABLE);
            _exit(70);
        }
    }
    const char *sizes = getenv(PEER_VARIABLE);
    size_t request, reply;
    if (sizes && sscanf(sizes, "%zu:%zu", &request, &reply) == 2) serve(request, reply);
}

// MARK: The player

static int spawn_peer(int socket, const char *sizes, pid_t *peer) {
    size_t count = 0;
    while (environ[count]) count++;
    char **environment = calloc(count + 2, sizeof *environment);
    if (!environment) return -ENOMEM;
    char variable[128];
    snprintf(variable, sizeof variable, PEER_VARIABLE "=%s", sizes);
    memcpy(environment, environ, count * sizeof *environment);
    environment[count] = variable;

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, socket, PEER_SOCKET);
    char *arguments[] = {"manta-bench-floor", NULL};
    int error = posix_spawn(peer, "/proc/self/exe", &actions, NULL, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    free(environment);
    return -error;
}

int cfloor_start(cfloor_ping_pong *game, size_t request, size_t reply) {
    int sockets[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) return -errno;
    char sizes[64];
    snprintf(sizes, sizeof sizes, "%zu:%zu", request, reply);
    game->socket = sockets[0];
    game->request = request;
    game->reply = reply;
    int error = spawn_peer(sockets[1], sizes, &game->peer);
    close(sockets[1]);
    if (error != 0) close(sockets[0]);
    return error;
}

int cfloor_play(const cfloor_ping_pong *game, uint64_t *nanoseconds, size_t count) {
    unsigned char *bytes = buffer_for(game->request, game->reply);
    if (!bytes) return -ENOMEM;
    int error = 0;
    uint64_t before = cfloor_now();
    for (size_t i = 0; i < count && error == 0; i++) {
        error = send_all(game->socket, bytes, game->request);
        if (error == 0) error = receive_all(game->socket, bytes, game->reply);
        uint64_t after = cfloor_now();
        nanoseconds[i] = after - before;
        before = after;
    }
    free(bytes);
    return error;
}

void cfloor_stop(const cfloor_ping_pong *game) {
    close(game->socket);
    int status;
    while (waitpid(game->peer, &status, 0) < 0 && errno == EINTR) {}
}

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
