#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PEER_VARIABLE "MANTA_BENCH_FLOOR_PEER"

extern char **environ;

/// Runs before `main`, and before Swift's runtime starts a thread: threads inherit the core of who starts them. (The C library gives
/// constructors the arguments of the program.)
__attribute__((constructor)) static void enter_role(int count, char **arguments) {
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
    if (getenv(CFLOOR_PROGRAM_VARIABLE) && count > 1) cfloor_become_program(arguments + 1);
    const char *role = getenv(PEER_VARIABLE);
    size_t first, second;
    int transport = 0;
    if (!role || sscanf(role, "%d:", &transport) != 1) return;
    cfloor_channel channel;
    if (cfloor_open(&channel, transport, CFLOOR_PEER_SOCKET, 1) != 0) _exit(1);
    if (sscanf(role, "%*d:ping-pong:%zu:%zu", &first, &second) == 2) cfloor_serve_ping_pong(channel, first, second);
    if (sscanf(role, "%*d:stream:%zu:%zu", &first, &second) == 2) cfloor_serve_stream(channel, first, second);
    _exit(1);
}

static int spawn_peer(int socket, cfloor_transport transport, const char *role, pid_t *peer) {
    size_t count = 0;
    while (environ[count]) count++;
    char **environment = calloc(count + 2, sizeof *environment);
    if (!environment) return -ENOMEM;
    char variable[128];
    snprintf(variable, sizeof variable, PEER_VARIABLE "=%d:%s", transport, role);
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

static void wait_for(pid_t peer) {
    int status;
    while (waitpid(peer, &status, 0) < 0 && errno == EINTR) {}
}

int cfloor_spawn_peer(cfloor_channel *channel, cfloor_transport transport, const char *role, pid_t *peer) {
    int ends[2];
    int error = cfloor_socket_pair(transport, ends);
    if (error != 0) return error;
    error = spawn_peer(ends[1], transport, role, peer);
    close(ends[1]);
    if (error != 0) {
        close(ends[0]);
        return error;
    }
    error = cfloor_open(channel, transport, ends[0], 0);
    if (error != 0) {
        close(ends[0]);
        wait_for(*peer);
    }
    return error;
}

void cfloor_stop_peer(cfloor_channel channel, pid_t peer) {
    cfloor_close(channel);
    wait_for(peer);
}
