// The floor under a remote call on this machine: two processes that exchange messages over a Unix stream socket and do
// nothing else. And the clocks and switches that the benchmarks need and Swift's Glibc module lacks.
//
// The peer of a ping-pong is this same program, started again with a variable in its environment: a constructor sees it before
// Swift's runtime starts, serves the ping-pong and ends the process. (A fork without exec would leave the runtime broken.)
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Pins a process to the core with this number when it starts; set in the environment, so that the process's own children do the same.
#define CFLOOR_CORE_VARIABLE "MANTA_BENCH_CORE"

/// One end of a ping-pong, and the process at the other.
typedef struct {
    int socket;
    pid_t peer;
    size_t request;
    size_t reply;
} cfloor_ping_pong;

/// Starts a peer that answers each `request` bytes with `reply` bytes. 0, or a negative errno.
int cfloor_start(cfloor_ping_pong *game, size_t request, size_t reply);

/// Plays `count` rounds one after another and writes how long each took. 0, or a negative errno.
int cfloor_play(const cfloor_ping_pong *game, uint64_t *nanoseconds, size_t count);

/// Ends the peer.
void cfloor_stop(const cfloor_ping_pong *game);

/// The monotonic clock, the same in every process.
uint64_t cfloor_now(void);

/// The processor time that another process has used so far; 0 when there is no such process.
uint64_t cfloor_processor_time(pid_t process);

/// The last core that this process may run on.
int cfloor_last_core(void);

/// A pipe whose ends no child inherits: the one to read from, the one to write to. 0, or -1 and errno.
int cfloor_pipe(int ends[2]);
