// The floors on this machine. Under a remote call: two processes that exchange messages over a Unix stream socket and do
// nothing else; under one between nodes over TCP, and over TLS on it. Under an object on its way to another node: two that have a TCP stream. Under one that is put: a copy of its bytes.
// And the clocks and switches that the benchmarks need and Swift's Glibc module lacks.
//
// The peer of a ping-pong or a stream is this same program, started again with a variable in its environment: a constructor sees it before
// Swift's runtime starts, serves its peer and ends the process. (A fork without exec would leave the runtime broken.)
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Pins a process to the core with this number when it starts; set in the environment, so that the process's own children do the same.
#define CFLOOR_CORE_VARIABLE "MANTA_BENCH_CORE"

/// What the two processes of a floor have between them.
typedef enum {
    CFLOOR_UNIX = 0,
    /// Over the loopback interface.
    CFLOOR_TCP = 1,
    /// TLS 1.3 with a shared secret and AES-128-GCM over that, by OpenSSL's own socket functions.
    CFLOOR_TLS = 2,
} cfloor_transport;

/// One end of it. Both are in the hands of one thread.
typedef struct {
    int socket;
    /// Of OpenSSL; NULL where bytes go as they are.
    void *session;
} cfloor_channel;

/// One end of a ping-pong, and the process at the other.
typedef struct {
    cfloor_channel channel;
    pid_t peer;
    size_t request;
    size_t reply;
} cfloor_ping_pong;

/// Starts a peer that answers each `request` bytes with `reply` bytes. 0, or a negative errno.
int cfloor_start(cfloor_ping_pong *game, cfloor_transport transport, size_t request, size_t reply);

/// Plays `count` rounds one after another and writes how long each took. 0, or a negative errno.
int cfloor_play(const cfloor_ping_pong *game, uint64_t *nanoseconds, size_t count);

/// Ends the peer.
void cfloor_stop(const cfloor_ping_pong *game);

/// The sending end of a connection, and the process at the other.
typedef struct {
    cfloor_channel channel;
    pid_t peer;
    size_t piece;
    size_t total;
    unsigned char *bytes;
} cfloor_stream;

/// Starts a peer that takes `total` bytes, reading up to `piece` at a time into one buffer, and then answers. 0, or a negative errno.
int cfloor_stream_start(cfloor_stream *stream, cfloor_transport transport, size_t piece, size_t total);

/// Sends that many bytes, `piece` with each call, and waits for the answer: how long it took, and the processor time of both sides.
/// 0, or a negative errno.
int cfloor_stream_run(const cfloor_stream *stream, uint64_t *nanoseconds, uint64_t *processor_time);

/// Ends the peer.
void cfloor_stream_stop(const cfloor_stream *stream);

/// Two pieces of memory that were touched before.
typedef struct {
    void *source;
    void *target;
    size_t size;
} cfloor_copy;

/// Takes the memory. 0, or a negative errno.
int cfloor_copy_start(cfloor_copy *copy, size_t size);

/// Fills the source with random bytes and copies them: how long the copy took, in nanoseconds.
uint64_t cfloor_copy_run(const cfloor_copy *copy, uint64_t seed);

/// The same into shared memory that nobody has touched before. 0, or a negative errno.
int cfloor_copy_run_fresh(const cfloor_copy *copy, uint64_t seed, uint64_t *nanoseconds);

/// Gives the memory back.
void cfloor_copy_stop(const cfloor_copy *copy);

/// Fills memory with bytes that no compression makes smaller.
void cfloor_fill_random(void *bytes, size_t count, uint64_t seed);

/// Fills memory with words, which LZ4 makes about 2.6 times smaller.
void cfloor_fill_text(void *bytes, size_t count, uint64_t seed);

/// The monotonic clock, the same in every process.
uint64_t cfloor_now(void);

/// The processor time that another process has used so far; 0 when there is no such process.
uint64_t cfloor_processor_time(pid_t process);

/// The last core that this process may run on.
int cfloor_last_core(void);

/// A pipe whose ends no child inherits: the one to read from, the one to write to. 0, or -1 and errno.
int cfloor_pipe(int ends[2]);

/// Set, has this program become the one that its arguments name from the first on: pinned as said above, in a process group of its own, so that
/// Ctrl-C is not for it, and ended with SIGTERM when the thread that has started it ends, unless the variable says that it stays.
#define CFLOOR_PROGRAM_VARIABLE "MANTA_BENCH_PROGRAM"
#define CFLOOR_PROGRAM_STAYS "stays"

/// Makes this process the parent of those below it whose own parent ends. 0, or a negative errno.
int cfloor_adopt_orphans(void);

/// Has SIGINT, SIGTERM and SIGHUP interrupt system calls and do no more, so that the program can put away what it has made. Programs that it
/// starts are not affected.
void cfloor_catch_signals(void);

/// Who gets such signals too, unless the terminal has sent them to all; 0: nobody.
void cfloor_pass_signals_to(pid_t process);

/// The last such signal; 0 when there was none.
int cfloor_caught_signal(void);

/// Ends the process by the signal that was caught; returns when there was none.
void cfloor_end_as_caught(void);

/// Appends `count` pieces of `size` bytes to a new file, each of which is on the disk before the next: how long all took. The file is removed. 0,
/// or a negative errno.
int cfloor_sync_run(const char *path, size_t size, size_t count, uint64_t *nanoseconds);

/// A TCP port of the loopback interface that is free now. 0, or a negative errno.
int cfloor_free_port(uint16_t *port);
