#define _GNU_SOURCE
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

static int tcp_pair(int ends[2]) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0) return -errno;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    ends[0] = ends[1] = -1;
    if (bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 1) == 0
        && getsockname(listener, (struct sockaddr *)&address, &size) == 0
        && (ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) >= 0
        && connect(ends[0], (struct sockaddr *)&address, size) == 0) {
        ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    }
    int error = ends[1] < 0 ? -errno : 0;
    close(listener);
    if (error != 0) {
        if (ends[0] >= 0) close(ends[0]);
        return error;
    }
    int yes = 1;
    for (int i = 0; i < 2; i++) setsockopt(ends[i], IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return 0;
}

int cfloor_socket_pair(cfloor_transport transport, int ends[2]) {
    if (transport != CFLOOR_UNIX) return tcp_pair(ends);
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 ? 0 : -errno;
}

int cfloor_free_port(uint16_t *port) {
    int socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket_ < 0) return -errno;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int error = bind(socket_, (struct sockaddr *)&address, size) == 0
            && getsockname(socket_, (struct sockaddr *)&address, &size) == 0
        ? 0
        : -errno;
    close(socket_);
    *port = ntohs(address.sin_port);
    return error;
}

int cfloor_open(cfloor_channel *channel, cfloor_transport transport, int socket, int is_server) {
    channel->socket = socket;
    channel->session = NULL;
    return transport == CFLOOR_TLS ? cfloor_tls_open(socket, is_server, &channel->session) : 0;
}

void cfloor_close(cfloor_channel channel) {
    if (channel.session) cfloor_tls_close(channel.session);
    close(channel.socket);
}

ssize_t cfloor_receive(cfloor_channel channel, unsigned char *bytes, size_t count) {
    if (channel.session) return cfloor_tls_receive(channel.session, bytes, count);
    ssize_t n;
    do n = read(channel.socket, bytes, count);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

int cfloor_receive_all(cfloor_channel channel, unsigned char *bytes, size_t count) {
    while (count > 0) {
        ssize_t n = cfloor_receive(channel, bytes, count);
        if (n <= 0) return n == 0 ? -EPIPE : (int)n;
        bytes += n;
        count -= (size_t)n;
    }
    return 0;
}

static ssize_t send_some(cfloor_channel channel, const unsigned char *bytes, size_t count) {
    if (channel.session) return cfloor_tls_send(channel.session, bytes, count);
    ssize_t n;
    do n = send(channel.socket, bytes, count, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

int cfloor_send_all(cfloor_channel channel, const unsigned char *bytes, size_t count) {
    while (count > 0) {
        ssize_t n = send_some(channel, bytes, count);
        if (n < 0) return (int)n;
        bytes += n;
        count -= (size_t)n;
    }
    return 0;
}
