#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PEER_VARIABLE "MANTA_BENCH_FLOOR_PEER"

extern char **environ;

int cfloor_receive_all(int fd, unsigned char *bytes, size_t count) {
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

int cfloor_send_all(int fd, const unsigned char *bytes, size_t count) {
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
    const char *role = getenv(PEER_VARIABLE);
    size_t first, second;
    if (!role) return;
    if (sscanf(role, "ping-pong:%zu:%zu", &first, &second) == 2) cfloor_serve_ping_pong(first, second);
    if (sscanf(role, "stream:%zu:%zu", &first, &second) == 2) cfloor_serve_stream(first, second);
}

int cfloor_spawn_peer(int socket, const char *role, pid_t *peer) {
    size_t count = 0;
    while (environ[count]) count++;
    char **environment = calloc(count + 2, sizeof *environment);
    if (!environment) return -ENOMEM;
    char variable[128];
    snprintf(variable, sizeof variable, PEER_VARIABLE "=%s", role);
    memcpy(environment, environ, count * sizeof *environment);
    environment[count] = variable;

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, socket, CFLOOR_PEER_SOCKET);
    char *arguments[] = {"manta-bench-floor", NULL};
    int error = posix_spawn(peer, "/proc/self/exe", &actions, NULL, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    free(environment);
    return -error;
}

void cfloor_stop_peer(int socket, pid_t peer) {
    close(socket);
    int status;
    while (waitpid(peer, &status, 0) < 0 && errno == EINTR) {}
}
