#define _GNU_SOURCE
#include "CFloor.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// MARK: Copies

static void *memory(size_t size) {
    void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return bytes == MAP_FAILED ? NULL : bytes;
}

int cfloor_copy_start(cfloor_copy *copy, size_t size) {
    copy->size = size;
    copy->source = memory(size);
    copy->target = memory(size);
    if (copy->source && copy->target) return 0;
    if (copy->source) munmap(copy->source, size);
    if (copy->target) munmap(copy->target, size);
    return -ENOMEM;
}

uint64_t cfloor_copy_run(const cfloor_copy *copy, uint64_t seed) {
    cfloor_fill_random(copy->source, copy->size, seed);
    uint64_t before = cfloor_now();
    memcpy(copy->target, copy->source, copy->size);
    return cfloor_now() - before;
}

int cfloor_copy_run_fresh(const cfloor_copy *copy, uint64_t seed, uint64_t *nanoseconds) {
    int fd = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) return -errno;
    void *target = MAP_FAILED;
    if (ftruncate(fd, (off_t)copy->size) == 0) {
        target = mmap(NULL, copy->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    }
    int error = target == MAP_FAILED ? -errno : 0;
    close(fd);
    if (error != 0) return error;
    cfloor_fill_random(copy->source, copy->size, seed);
    uint64_t before = cfloor_now();
    memcpy(target, copy->source, copy->size);
    *nanoseconds = cfloor_now() - before;
    munmap(target, copy->size);
    return 0;
}

void cfloor_copy_stop(const cfloor_copy *copy) {
    munmap(copy->source, copy->size);
    munmap(copy->target, copy->size);
}

// MARK: Contents

#define STREAMS 8

void cfloor_fill_random(void *bytes, size_t count, uint64_t seed) {
    // Several xorshift generators side by side, so that the processor does them at once.
    uint64_t state[STREAMS];
    for (size_t i = 0; i < STREAMS; i++) {
        // SplitMix64 sets them apart.
        uint64_t z = seed + (i + 1) * 0x9E3779B97F4A7C15u;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        state[i] = (z ^ (z >> 31)) | 1;
    }
    unsigned char *next = bytes;
    while (count > 0) {
        for (size_t i = 0; i < STREAMS; i++) {
            state[i] ^= state[i] << 13;
            state[i] ^= state[i] >> 7;
            state[i] ^= state[i] << 17;
        }
        size_t size = count < sizeof state ? count : sizeof state;
        memcpy(next, state, size);
        next += size;
        count -= size;
    }
}

void cfloor_fill_text(void *bytes, size_t count, uint64_t seed) {
    static const char *const words[] = {
        "actor ", "raylet ", "object ", "store ", "the ", "node ", "{\"id\": ", "placement ", "resource ", "12345 ",
        "false, ", "true, ",
    };
    uint64_t state = seed | 1;
    char *next = bytes;
    // Nothing that looks back at most 64 KiB, as LZ4 does, sees that the text begins anew after 4 MiB.
    size_t fresh = count < (4 << 20) ? count : 4 << 20;
    size_t rest = count - fresh;
    count = fresh;
    while (count > 0) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        const char *word = words[(state >> 32) % (sizeof words / sizeof *words)];
        size_t size = strlen(word);
        if (size > count) size = count;
        memcpy(next, word, size);
        next += size;
        count -= size;
    }
    for (; rest > 0; rest -= count, next += count) {
        count = rest < fresh ? rest : fresh;
        memcpy(next, bytes, count);
    }
}
