#define _GNU_SOURCE
#include "include/CMantaShims.h"

#include <stdlib.h>
#include <malloc.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

// MARK: epoll and eventfd

int manta_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static int control(int epoll, int operation, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return epoll_ctl(epoll, operation, fd, &event);
}

int manta_epoll_add(int epoll, int fd, uint32_t events, uint64_t token) {
    return control(epoll, EPOLL_CTL_ADD, fd, events, token);
}

int manta_epoll_modify(int epoll, int fd, uint32_t events, uint64_t token) {
    return control(epoll, EPOLL_CTL_MOD, fd, events, token);
}

int manta_epoll_remove(int epoll, int fd) { return control(epoll, EPOLL_CTL_DEL, fd, 0, 0); }

int manta_epoll_wait(int epoll, manta_event *events, int capacity, int timeout) {
    struct epoll_event ready[64];
    int count = epoll_wait(epoll, ready, capacity < 64 ? capacity : 64, timeout);
    for (int i = 0; i < count; i++) {
        events[i].token = ready[i].data.u64;
        events[i].events = ready[i].events;
    }
    return count;
}

int manta_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

void manta_eventfd_signal(int fd) {
    uint64_t one = 1;
    ssize_t ignored = write(fd, &one, sizeof one);  // fails only when the counter is full: it is signalled then
    (void)ignored;
}

void manta_eventfd_clear(int fd) {
    uint64_t count;
    ssize_t ignored = read(fd, &count, sizeof count);
    (void)ignored;
}

// MARK: time and threads

static uint64_t nanoseconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t manta_now(void) { return nanoseconds(CLOCK_MONOTONIC); }
int64_t manta_wall_clock(void) { return (int64_t)nanoseconds(CLOCK_REALTIME); }
uint64_t manta_thread_time(void) { return nanoseconds(CLOCK_THREAD_CPUTIME_ID); }
uint64_t manta_now_coarse(void) { return nanoseconds(CLOCK_MONOTONIC_COARSE); }

__attribute__((noinline)) void *manta_thread_pointer(void) {
    void *pointer = __builtin_thread_pointer();
    __asm__ volatile("" : "+r"(pointer));  // keeps the call from being merged with an earlier one
    return pointer;
}

void manta_name_thread(const char *name) {
    prctl(PR_SET_NAME, name);
    // A thread that a pool's thread starts inherits its mask, which blocks nearly all signals; so would programs started here.
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
}

int manta_processor_count(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    int count = CPU_COUNT(&set);
    return count > 0 ? count : 1;
}

uint64_t manta_physical_memory(void) {
    struct sysinfo info;
    if (sysinfo(&info) != 0) return 0;
    return (uint64_t)info.totalram * info.mem_unit;
}

extern void *swift_task_getCurrent(void) __attribute__((swiftcall));
extern size_t swift_task_getJobFlags(void *task) __attribute__((swiftcall));

int manta_task_is_child(void) {
    void *task = swift_task_getCurrent();
    return task != NULL && (swift_task_getJobFlags(task) >> 24 & 1);
}

uintptr_t manta_task_parent(uintptr_t task) {
    if (task == 0 || !(swift_task_getJobFlags((void *)task) >> 24 & 1)) return 0;
    // Swift 6.3, 64 bits: what a child has of its own follows 208 bytes that all tasks have, and starts with this.
    return *(uintptr_t *)(task + 208);
}

__attribute__((noinline)) uintptr_t manta_task_identity(void) { return (uintptr_t)swift_task_getCurrent(); }

// MARK: sockets

static int address_of(const char *path, struct sockaddr_un *address) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof address->sun_path) return -ENAMETOOLONG;
    strcpy(address->sun_path, path);
    return 0;
}

static int fail(int fd) {
    int error = errno;
    close(fd);
    return -error;
}

int manta_unix_listen(const char *path, int backlog) {
    struct sockaddr_un address;
    int bad = address_of(path, &address);
    if (bad) return bad;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -errno;
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) return fail(fd);
    if (listen(fd, backlog) != 0) return fail(fd);
    return fd;
}

int manta_unix_connect(const char *path) {
    struct sockaddr_un address;
    int bad = address_of(path, &address);
    if (bad) return bad;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -errno;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) return fail(fd);
    return fd;
}

int manta_accept(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

int manta_socketpair(int fds[2]) {
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0 ? 0 : -errno;
}

int manta_pipe(int fds[2]) { return pipe2(fds, O_CLOEXEC) == 0 ? 0 : -errno; }

int manta_close(int fd) { return close(fd); }

int manta_set_nonblocking(int fd) { return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

int manta_set_close_on_exec(int fd) { return fcntl(fd, F_SETFD, FD_CLOEXEC); }

ssize_t manta_send(int fd, const void *bytes, size_t count) {
    ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
    return sent < 0 ? -errno : sent;
}

ssize_t manta_receive(int fd, void *bytes, size_t count) {
    ssize_t received = read(fd, bytes, count);
    return received < 0 ? -errno : received;
}

int64_t manta_peer_user(int fd) {
    struct ucred credentials;
    socklen_t size = sizeof credentials;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return -1;
    return credentials.uid;
}

void manta_line_buffer_stdout(void) { setvbuf(stdout, NULL, _IOLBF, 0); }

void manta_keep_freed_memory(void) {
    if (getenv("MALLOC_TRIM_THRESHOLD_") || getenv("MALLOC_MMAP_THRESHOLD_") || getenv("GLIBC_TUNABLES")) return;
    mallopt(M_TRIM_THRESHOLD, 16 << 20);
    mallopt(M_MMAP_THRESHOLD, 8 << 20);
}

// MARK: build id

struct build_id_search {
    uint8_t *bytes;
    size_t capacity;
    size_t found;
};

static int find_build_id(struct dl_phdr_info *info, size_t size, void *context) {
    (void)size;
    struct build_id_search *search = context;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type != PT_NOTE) continue;
        const char *at = (const char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
        const char *end = at + info->dlpi_phdr[i].p_memsz;
        while (at + sizeof(ElfW(Nhdr)) <= end) {
            const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)at;
            const char *name = at + sizeof *note;
            const char *value = name + ((note->n_namesz + 3u) & ~3u);
            if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp(name, "GNU", 4) == 0) {
                search->found = note->n_descsz < search->capacity ? note->n_descsz : search->capacity;
                memcpy(search->bytes, value, search->found);
                return 1;
            }
            at = value + ((note->n_descsz + 3u) & ~3u);
        }
    }
    return 1;  // the first entry is the program itself: look no further
}

size_t manta_build_id(uint8_t *bytes, size_t capacity) {
    struct build_id_search search = {bytes, capacity, 0};
    dl_iterate_phdr(find_build_id, &search);
    return search.found;
}
