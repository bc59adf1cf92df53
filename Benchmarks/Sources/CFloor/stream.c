#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void cfloor_serve_stream(cfloor_channel channel, size_t piece, size_t total) {
    unsigned char *bytes = malloc(piece);
    if (!bytes) _exit(1);
    memset(bytes, 7, piece);
    while (1) {
        size_t left = total;
        while (left > 0) {
            ssize_t n = cfloor_receive(channel, bytes, left < piece ? left : piece);
            if (n <= 0) _exit(0);
            left -= (size_t)n;
        }
        if (cfloor_send_all(channel, bytes, 1) != 0) _exit(0);
    }
}

int cfloor_stream_start(cfloor_stream *stream, cfloor_transport transport, size_t piece, size_t total) {
    stream->bytes = malloc(piece);
    if (!stream->bytes) return -ENOMEM;
    memset(stream->bytes, 5, piece);  // touched, so that no round pays for fresh pages
    stream->piece = piece;
    stream->total = total;
    char role[64];
    snprintf(role, sizeof role, "stream:%zu:%zu", piece, total);
    int error = cfloor_spawn_peer(&stream->channel, transport, role, &stream->peer);
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
        int error = cfloor_send_all(stream->channel, stream->bytes, count);
        if (error != 0) return error;
        left -= count;
    }
    unsigned char end;
    int error = cfloor_receive_all(stream->channel, &end, 1);
    *nanoseconds = cfloor_now() - before;
    *processor_time = own_processor_time() + cfloor_processor_time(stream->peer) - used;
    return error;
}

void cfloor_stream_stop(const cfloor_stream *stream) {
    cfloor_stop_peer(stream->channel, stream->peer);
    free(stream->bytes);
}
