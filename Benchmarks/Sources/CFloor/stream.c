#define _GNU_SOURCE
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

void cfloor_serve_stream(size_t piece, size_t total) {
    unsigned char *bytes = malloc(piece);
    if (!bytes) _exit(1);
    memset(bytes, 7, piece);
    while (1) {
        size_t left = total;
        while (left > 0) {
            ssize_t n = read(CFLOOR_PEER_SOCKET, bytes, left < piece ? left : piece);
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) _exit(0);
            left -= (size_t)n;
        }
        if (cfloor_send_all(CFLOOR_PEER_SOCKET, bytes, 1) != 0) _exit(0);
    }
}

/// Two ends of a connection over the loopback interface. 0, or a negative errno.
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
    if (error != 0 && ends[0] >= 0) close(ends[0]);
    return error;
}

int cfloor_stream_start(cfloor_stream *stream, size_t piece, size_t total) {
    stream->bytes = malloc(piece);
    if (!stream->bytes) return -ENOMEM;
    memset(stream->bytes, 5, piece);  // touched, so that no round pays for fresh pages
    stream->piece = piece;
    stream->total = total;
    int ends[2];
    int error = tcp_pair(ends);
    if (error == 0) {
        char role[64];
        snprintf(role, sizeof role, "stream:%zu:%zu", piece, total);
        stream->socket = ends[0];
        error = cfloor_spawn_peer(ends[1], role, &stream->peer);
        close(ends[1]);
        if (error != 0) close(ends[0]);
    }
    if (error != 0) free(stream->bytes);
    return error;
}

static uint64_t own_processor_time(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

int cfloor_stream_run(const cfloor_stream *stream, uint64_t *nanoseconds, uint64_t *processor_time) {
    uint64_t used = own_processor_time() + cfloor_processor_time(stream->peer);
    uint64_t before = cfloor_now();
    for (size_t left = stream->total; left > 0;) {
        size_t count = left < stream->piece ? left : stream->piece;
        int error = cfloor_send_all(stream->socket, stream->bytes, count);
        if (error != 0) return error;
        left -= count;
    }
    unsigned char end;
    int error = cfloor_receive_all(stream->socket, &end, 1);
    *nanoseconds = cfloor_now() - before;
    *processor_time = own_processor_time() + cfloor_processor_time(stream->peer) - used;
    return error;
}

void cfloor_stream_stop(const cfloor_stream *stream) {
    cfloor_stop_peer(stream->socket, stream->peer);
    free(stream->bytes);
}
