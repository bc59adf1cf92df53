// Linux calls that Swift's Glibc module does not offer: macros, variadic functions and GNU extensions.
// Every function returns what the system call returns, or a negated errno where it says so.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// MARK: epoll and eventfd

typedef struct {
    uint64_t token;
    uint32_t events;
} manta_event;

int manta_epoll_create(void);
int manta_epoll_add(int epoll, int fd, uint32_t events, uint64_t token);
int manta_epoll_modify(int epoll, int fd, uint32_t events, uint64_t token);
int manta_epoll_remove(int epoll, int fd);
// Waits at most `timeout` milliseconds (-1: for ever) and fills `events`; at most 64 at a time.
int manta_epoll_wait(int epoll, manta_event *events, int capacity, int timeout);
int manta_eventfd(void);
void manta_eventfd_signal(int fd);
void manta_eventfd_clear(int fd);

// MARK: time and threads

// Nanoseconds of CLOCK_MONOTONIC.
uint64_t manta_now(void);
// Nanoseconds of a processor that the calling thread has had.
uint64_t manta_thread_time(void);
// The same clock to the scheduler's tick (1-10 ms), for a quarter of the price.
uint64_t manta_now_coarse(void);
// Nanoseconds of CLOCK_REALTIME.
int64_t manta_wall_clock(void);
// Identifies the calling thread. Never inlined: a compiler may otherwise reuse a value from before a
// suspension point, when the code ran on another thread.
void *manta_thread_pointer(void);
// Names the calling thread, and lets it take all signals.
void manta_name_thread(const char *name);
// The processors that this process may run on.
int manta_processor_count(void);
uint64_t manta_physical_memory(void);
// Whether the current Swift task is a child task (of `async let` or a group), and its identity (0: no task).
int manta_task_is_child(void);
uintptr_t manta_task_identity(void);
// The task that a child task is a child of; 0 when it is none. Read from the runtime's memory: see TaskTree.
uintptr_t manta_task_parent(uintptr_t task);

// MARK: sockets (all close-on-exec and non-blocking; a negated errno on failure)

int manta_unix_listen(const char *path, int backlog);
int manta_unix_connect(const char *path);
int manta_accept(int listener);
int manta_socketpair(int fds[2]);
int manta_pipe(int fds[2]);
int manta_close(int fd);
int manta_set_nonblocking(int fd);
int manta_set_close_on_exec(int fd);
ssize_t manta_send(int fd, const void *bytes, size_t count);
ssize_t manta_receive(int fd, void *bytes, size_t count);
// The user who is at the other end of a Unix socket, or -1.
int64_t manta_peer_user(int fd);

// MARK: between machines (all close-on-exec and non-blocking; a negated errno on failure)

// Listens at a numeric address; port 0 takes a free one.
int manta_tcp_listen(const char *host, uint16_t port, int backlog);
// Begins to connect to a numeric address: writable once that has ended, and `manta_socket_error` tells how.
int manta_tcp_connect(const char *host, uint16_t port);
// 0 or the negated errno of what has failed since the last question.
int manta_socket_error(int fd);
// The port that a socket is bound to.
int manta_socket_port(int fd);
// Whether `host` is an address in numbers.
int manta_is_numeric_host(const char *host);
// Looks a name up, which may take seconds: the address in numbers, at most `capacity` bytes with its NUL. 0, or an error
// that `manta_resolve_error` describes.
int manta_resolve(const char *host, char *address, size_t capacity);
const char *manta_resolve_error(int error);
// The address in numbers by which this machine would reach `host`, or the first that is not its own alone. 0 or a negated
// errno.
int manta_local_address(const char *host, uint16_t port, char *text, size_t capacity);
int manta_first_address(char *text, size_t capacity);
// Keeps a TCP connection from waiting for ever for a peer that is gone, and from gathering small frames.
void manta_tcp_settle(int fd);
// A socket at `path` to which others send descriptors.
int manta_handover_listen(const char *path);
int manta_handover_socket(void);
// Sends `descriptor` and `bytes` to the socket at `path`: 0 or a negated errno, -EAGAIN when its queue is full.
int manta_handover_send(int fd, const char *path, int descriptor, const void *bytes, size_t count);
// Whether nobody has the socket open whose file is at `path`. Nobody notices the question.
bool manta_socket_is_abandoned(const char *path);
// Takes what was sent: the descriptor, or a negated errno. `count` bytes came, at most `capacity`.
int manta_handover_receive(int fd, void *bytes, size_t capacity, size_t *count);

// MARK: processes

// Starts `path` with descriptor 3 = control, 0 = /dev/null, 1 = out, 2 = err, and no other open. The child has
// default signal actions and an empty signal mask, and leads a process group if `own_group` is not 0. Returns the
// process id or a negated errno.
pid_t manta_spawn(const char *path, char *const argv[], char *const envp[], int control, int out, int err,
                  int own_group);
// The same in another working directory.
pid_t manta_spawn_in(const char *directory, const char *path, char *const argv[], char *const envp[], int control,
                     int out, int err, int own_group);
// Copies from one file's position to another's inside the system, which may share the bytes on the disk instead: how many,
// 0 at the end, or a negated errno.
ssize_t manta_copy_range(int from, int to, size_t count);
int manta_pidfd_open(pid_t pid);
int manta_pidfd_kill(int pidfd, int signal);
// Reaps the child behind `pidfd` without blocking: 1 when it has ended (`code` is its exit code or signal,
// `signalled` tells which), 0 while it runs, a negated errno on failure.
int manta_pidfd_reap(int pidfd, int *code, int *signalled);

// MARK: signals and start-up

// On `signal`, which must have its default action, writes to the eventfd and remembers the signal. 0, or -1 when
// the program handles or ignores that signal itself.
int manta_signal_watch(int signal, int eventfd);
// A signal that a watch saw, 0 when none is left; clears it.
int manta_signal_take(void);
// Restores the default action of `signal` and sends it to this process.
void manta_signal_raise_default(int signal);
void manta_signal_restore(int signal);
void manta_ignore_signal(int signal);
// Calls `hook` at `exit`, once however often it is asked for.
int manta_at_exit(void (*hook)(void));
void manta_line_buffer_stdout(void);
// Has malloc keep up to 16 MiB of freed memory, and take blocks of less than 8 MiB from it, unless the environment
// says something about that. By default it gives memory back after nearly every large block and takes it anew.
void manta_keep_freed_memory(void);

// The GNU build id of the running program; returns its length, 0 when it has none.
size_t manta_build_id(uint8_t *bytes, size_t capacity);

// MARK: bulk transfer

// CRC32C of `bytes`, continued from `crc` (0 at the start). By the processor's instruction where there is one.
uint32_t manta_crc32c(uint32_t crc, const void *bytes, size_t count);
// The same by tables, as on a processor without the instruction.
uint32_t manta_crc32c_portable(uint32_t crc, const void *bytes, size_t count);
// Makes a socket block, for at most `timeout` microseconds at a time (0: for ever), and asks for buffers of `buffer`
// bytes in both directions (0: the system's). 0 or a negated errno.
int manta_bulk_socket(int fd, int64_t timeout, int buffer);
// Sends from two places, in one call: what was sent before the timeout, or a negated errno.
ssize_t manta_bulk_send(int fd, const void *head, size_t head_count, const void *body, size_t body_count);
// Waits for all `count` bytes: what came before the timeout or the end, or a negated errno.
ssize_t manta_bulk_receive(int fd, void *bytes, size_t count);
// Waits until something can be read or accepted (bit 0: `first`, bit 1: `second`; either may be -1), for at most `timeout`
// microseconds (negative: for ever). The bits, 0 when the time is over, or a negated errno.
int manta_wait_readable(int first, int second, int64_t timeout);
// Waits until something can be sent, for at most `timeout` microseconds: 1, 0 when the time is over, or a negated errno.
int manta_wait_writable(int fd, int64_t timeout);
// Ends both directions of a connection; whoever waits in it returns. The descriptor stays open.
void manta_shutdown(int fd);
// Reserves room on the disk. 0, also where the file system cannot do it, or a negated errno.
int manta_reserve_file(int fd, int64_t bytes);
// When a file was last written to, in nanoseconds since 1970, or a negated errno.
int64_t manta_modified(const char *path);
// Locks a file until it is closed by everyone who has it open, or the process ends. 0, or a negated errno.
int manta_lock_file(int fd);


// MARK: memory that processes share (0 or a negated errno, unless it says otherwise)

// A file of `directory` that has no name and can get none, readable by its owner only: it is gone with the last
// process that has it open.
int manta_unnamed_file(const char *directory);
// The same without a directory.
int manta_memory_file(const char *name);
// Opens what /proc/<pid>/fd/<n> refers to for reading and writing; never waits, as a pipe could make it.
int manta_reopen(const char *path);
int manta_file_grow(int fd, uint64_t byte_count);
// The size of a regular file; `allocated` is what it takes of its file system, in bytes.
int64_t manta_file_size(int fd, uint64_t *allocated);
// Takes the memory (or disk blocks) of a range for good, so that touching it cannot fail.
int manta_file_reserve(int fd, uint64_t offset, uint64_t byte_count);
// Gives the memory of a range back; it reads as zeros afterwards.
int manta_file_release(int fd, uint64_t offset, uint64_t byte_count);
ssize_t manta_file_read(int fd, void *bytes, size_t byte_count, uint64_t offset);
// Maps the whole file, writable, shared, left out of core dumps. NULL on failure: errno tells.
void *manta_map_shared(int fd, size_t byte_count);
void manta_unmap(void *base, size_t byte_count);
// Makes the pages of a range exist, zeroed and mapped here, without changing what they hold.
int manta_populate(void *base, size_t byte_count);
// A lock on one byte that is let go when nothing refers to this opening of the file any more: no descriptor, no
// mapping, in no process. Does not wait: -EAGAIN when another opening has it.
int manta_byte_lock(int fd, uint64_t offset);
void manta_byte_unlock(int fd, uint64_t offset);
// 1 when another opening of the file has the lock, 0 when none has.
int manta_byte_is_locked(int fd, uint64_t offset);

// A mutex in shared memory, at a multiple of 8, in 64 bytes. It survives the death of who holds it.
int manta_shared_lock_init(void *lock);
// 0: locked. 1: locked, and its last holder died inside: repair what it guards, then call …_repaired. -ETIMEDOUT after
// `nanoseconds`; -ENOTRECOVERABLE when somebody unlocked it unrepaired.
int manta_shared_lock(void *lock, uint64_t nanoseconds);
void manta_shared_lock_repaired(void *lock);
void manta_shared_unlock(void *lock);

// Called after each store below, by tests that end the process in between. NULL otherwise.
extern void (*manta_store_hook)(void);
void manta_set_store_hook(void (*hook)(void));

static inline void manta_stored(void) {
    if (__builtin_expect(manta_store_hook != NULL, 0)) manta_store_hook();
}

// Every store is a release, so all of them take effect in the order of the program: a process that is killed leaves
// behind the first so many, whole, and none after them.
static inline uint32_t manta_get32(const void *at) { return __atomic_load_n((const uint32_t *)at, __ATOMIC_ACQUIRE); }
static inline uint64_t manta_get64(const void *at) { return __atomic_load_n((const uint64_t *)at, __ATOMIC_ACQUIRE); }
static inline void manta_put32(void *at, uint32_t value) {
    __atomic_store_n((uint32_t *)at, value, __ATOMIC_RELEASE);
    manta_stored();
}
static inline void manta_put64(void *at, uint64_t value) {
    __atomic_store_n((uint64_t *)at, value, __ATOMIC_RELEASE);
    manta_stored();
}
// Replaces `expected` by `value` and tells whether it was there.
static inline int manta_exchange32(void *at, uint32_t expected, uint32_t value) {
    int done = __atomic_compare_exchange_n((uint32_t *)at, &expected, value, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    manta_stored();
    return done;
}
