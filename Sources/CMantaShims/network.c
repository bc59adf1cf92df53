// Sockets between machines, and the way of a socket from one process to another.
#define _GNU_SOURCE
#include "include/CMantaShims.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int fail(int fd) {
    int error = errno;
    close(fd);
    return -error;
}

static int address_of(const char *host, uint16_t port, int flags, struct addrinfo **found) {
    char service[8];
    snprintf(service, sizeof service, "%u", port);
    struct addrinfo hints = {.ai_flags = AI_NUMERICSERV | flags, .ai_socktype = SOCK_STREAM};
    return getaddrinfo(host, service, &hints, found);
}

int manta_tcp_listen(const char *host, uint16_t port, int backlog) {
    struct addrinfo *found;
    if (address_of(host, port, AI_NUMERICHOST | AI_PASSIVE, &found) != 0) return -EINVAL;
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int status = fd < 0 ? -errno : 0;
    int on = 1;
    // A daemon that starts again takes the port of the one before, whose connections may still be closing.
    if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd >= 0 && bind(fd, found->ai_addr, found->ai_addrlen) != 0) status = fail(fd);
    else if (fd >= 0 && listen(fd, backlog) != 0) status = fail(fd);
    freeaddrinfo(found);
    return status < 0 ? status : fd;
}

int manta_tcp_connect(const char *host, uint16_t port) {
    struct addrinfo *found;
    if (address_of(host, port, AI_NUMERICHOST, &found) != 0) return -EINVAL;
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int status = fd < 0 ? -errno : 0;
    if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) != 0 && errno != EINPROGRESS) status = fail(fd);
    freeaddrinfo(found);
    if (status < 0) return status;
    manta_tcp_settle(fd);
    return fd;
}

void manta_tcp_settle(int fd) {
    int on = 1, idle = 10, interval = 5, count = 3;
    unsigned timeout = 30000;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
}

int manta_socket_error(int fd) {
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? -error : -errno;
}

int manta_socket_port(int fd) {
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0) return -errno;
    if (address.ss_family == AF_INET) return ntohs(((struct sockaddr_in *)&address)->sin_port);
    if (address.ss_family == AF_INET6) return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return -EAFNOSUPPORT;
}

int manta_is_numeric_host(const char *host) {
    struct addrinfo *found;
    if (address_of(host, 0, AI_NUMERICHOST, &found) != 0) return 0;
    freeaddrinfo(found);
    return 1;
}

int manta_resolve(const char *host, char *address, size_t capacity) {
    struct addrinfo *found;
    int error = address_of(host, 0, 0, &found);
    if (error != 0) return error;
    error = getnameinfo(found->ai_addr, found->ai_addrlen, address, (socklen_t)capacity, NULL, 0, NI_NUMERICHOST);
    freeaddrinfo(found);
    return error;
}

const char *manta_resolve_error(int error) { return gai_strerror(error); }

static int path_of(const char *path, struct sockaddr_un *address) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof address->sun_path) return -ENAMETOOLONG;
    strcpy(address->sun_path, path);
    return 0;
}

int manta_handover_socket(void) {
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return fd < 0 ? -errno : fd;
}

int manta_handover_listen(const char *path) {
    struct sockaddr_un address;
    int bad = path_of(path, &address);
    if (bad) return bad;
    int fd = manta_handover_socket();
    if (fd < 0) return fd;
    return bind(fd, (struct sockaddr *)&address, sizeof address) == 0 ? fd : fail(fd);
}

int manta_handover_send(int fd, const char *path, int descriptor, const void *bytes, size_t count) {
    struct sockaddr_un address;
    int bad = path_of(path, &address);
    if (bad) return bad;
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    memset(&control, 0, sizeof control);
    struct iovec part = {(void *)bytes, count};
    struct msghdr message = {.msg_name = &address, .msg_namelen = sizeof address, .msg_iov = &part, .msg_iovlen = 1,
                             .msg_control = &control, .msg_controllen = sizeof control};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(head), &descriptor, sizeof descriptor);
    return sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

bool manta_socket_is_abandoned(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) return false;
    strcpy(address.sun_path, path);
    // One of datagrams: to a socket of connections that lives it gives another error, and disturbs nobody.
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    bool is_abandoned = connect(fd, (struct sockaddr *)&address, sizeof address) != 0 && errno == ECONNREFUSED;
    close(fd);
    return is_abandoned;
}

int manta_handover_receive(int fd, void *bytes, size_t capacity, size_t *count) {
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {bytes, capacity};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t received = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    if (received < 0) return -errno;
    *count = (size_t)received;
    if (message.msg_flags & MSG_CTRUNC) return -EMFILE;  // no descriptor was left, and the socket is gone
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (!head || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) return -EBADMSG;
    int descriptor;
    memcpy(&descriptor, CMSG_DATA(head), sizeof descriptor);
    return descriptor;
}
