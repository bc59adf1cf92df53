// Blocking sockets and files for bytes in bulk.
#define _GNU_SOURCE
#include "include/CMantaShims.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

static void set_buffer(int fd, int forced, int plain, int bytes) {
    // The first is not bound by the system's maximum, but for the superuser only.
    if (setsockopt(fd, SOL_SOCKET, forced, &bytes, sizeof bytes) == 0) return;
    setsockopt(fd, SOL_SOCKET, plain, &bytes, sizeof bytes);
}

int manta_bulk_socket(int fd, int64_t timeout, int buffer) {
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0) return -errno;
    struct timeval time = {.tv_sec = timeout / 1000000, .tv_usec = timeout % 1000000};
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) != 0) return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time) != 0) return -errno;
    if (buffer > 0) {
        set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, buffer);
        set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, buffer);
    }
    return 0;
}

ssize_t manta_bulk_send(int fd, const void *head, size_t head_count, const void *body, size_t body_count) {
    struct iovec parts[2] = {{(void *)head, head_count}, {(void *)body, body_count}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t sent;
    do sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

ssize_t manta_bulk_receive(int fd, void *bytes, size_t count) {
    ssize_t received;
    do received = recv(fd, bytes, count, MSG_WAITALL);
    while (received < 0 && errno == EINTR);
    return received < 0 ? -errno : received;
}

static int wait(struct pollfd *polled, int polled_count, int64_t timeout) {
    // In steps of milliseconds, rounded up: what waits less than one is not to spin.
    int64_t milliseconds = timeout < 0 ? -1 : timeout / 1000 + (timeout % 1000 != 0);
    int count;
    do count = poll(polled, polled_count, milliseconds > INT32_MAX ? INT32_MAX : (int)milliseconds);
    while (count < 0 && errno == EINTR);
    return count < 0 ? -errno : count;
}

int manta_wait_writable(int fd, int64_t timeout) {
    struct pollfd polled = {.fd = fd, .events = POLLOUT};
    return wait(&polled, 1, timeout);
}

int manta_wait_readable(int first, int second, int64_t timeout) {
    struct pollfd polled[2] = {{.fd = first, .events = POLLIN}, {.fd = second, .events = POLLIN}};
    int count = wait(polled, 2, timeout);
    if (count < 0) return count;
    return (polled[0].revents != 0 ? 1 : 0) | (polled[1].revents != 0 ? 2 : 0);
}

void manta_shutdown(int fd) { shutdown(fd, SHUT_RDWR); }

int manta_reserve_file(int fd, int64_t bytes) {
    if (bytes == 0) return 0;
    int status;
    do status = fallocate(fd, 0, 0, bytes);
    while (status != 0 && errno == EINTR);
    // A file system that cannot reserve says when it is full as the bytes are written.
    return status == 0 || errno == EOPNOTSUPP || errno == ENOSYS ? 0 : -errno;
}

int manta_lock_file(int fd) { return flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : -errno; }
