// CRC32C (Castagnoli's polynomial, reflected, as in iSCSI and ext4).
//
// A processor's CRC instruction has a result every cycle but takes three for each, so three parts of a block are
// computed at once. The CRC of what follows is that of the part before it, advanced by as many zero bytes, which
// is a linear map of 32 bits: four table look-ups.
#include "include/CMantaShims.h"

#include <pthread.h>
#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#define POLYNOMIAL 0x82f63b78u

// Bytes of one of three parts: long ones for throughput, short ones for what is left.
#define LONG_PART 8192
#define SHORT_PART 256

// By how many zero bytes a table advances a CRC.
typedef uint32_t advance_table[4][256];

static uint32_t bytewise[8][256];
static advance_table advance_long, advance_short;
static int has_instruction;
static pthread_once_t once = PTHREAD_ONCE_INIT;

// The product of two polynomials of degree < 32 modulo CRC32C's; the highest bit is the coefficient of x^0.
static uint32_t multiply(uint32_t a, uint32_t b) {
    uint32_t product = 0;
    for (uint32_t bit = 1u << 31; bit != 0; bit >>= 1) {
        if (a & bit) product ^= b;
        b = b & 1 ? b >> 1 ^ POLYNOMIAL : b >> 1;
    }
    return product;
}

static void fill_advance(advance_table table, size_t bytes) {
    uint32_t power = 1u << 31, square = 1u << 30;  // x^0, x^1
    for (size_t bits = bytes * 8; bits != 0; bits >>= 1) {
        if (bits & 1) power = multiply(power, square);
        square = multiply(square, square);
    }
    for (int part = 0; part < 4; part++)
        for (uint32_t value = 0; value < 256; value++)
            table[part][value] = multiply(value << 8 * part, power);
}

static uint32_t advance(const advance_table table, uint32_t crc) {
    return table[0][crc & 255] ^ table[1][crc >> 8 & 255] ^ table[2][crc >> 16 & 255] ^ table[3][crc >> 24];
}

static void prepare(void) {
    for (uint32_t value = 0; value < 256; value++) {
        uint32_t crc = value;
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
        bytewise[0][value] = crc;
    }
    for (int row = 1; row < 8; row++)
        for (int value = 0; value < 256; value++) {
            uint32_t crc = bytewise[row - 1][value];
            bytewise[row][value] = bytewise[0][crc & 255] ^ crc >> 8;
        }
    fill_advance(advance_long, LONG_PART);
    fill_advance(advance_short, SHORT_PART);
#if defined(__x86_64__)
    has_instruction = __builtin_cpu_supports("sse4.2");
#elif defined(__aarch64__)
    has_instruction = (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
#endif
}

static uint64_t load64(const uint8_t *bytes) {
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

// Eight bytes at a time by tables.
static uint32_t by_table(uint32_t crc, const uint8_t *bytes, size_t count) {
    for (; count >= 8; bytes += 8, count -= 8) {
        uint32_t low = crc ^ ((uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                              (uint32_t)bytes[3] << 24);
        crc = bytewise[7][low & 255] ^ bytewise[6][low >> 8 & 255] ^ bytewise[5][low >> 16 & 255] ^
              bytewise[4][low >> 24] ^ bytewise[3][bytes[4]] ^ bytewise[2][bytes[5]] ^ bytewise[1][bytes[6]] ^
              bytewise[0][bytes[7]];
    }
    for (; count > 0; bytes++, count--) crc = bytewise[0][(crc ^ *bytes) & 255] ^ crc >> 8;
    return crc;
}

#if defined(__x86_64__) || defined(__aarch64__)

#if defined(__x86_64__)
#define WITH_INSTRUCTION __attribute__((target("sse4.2")))
#define STEP64(crc, value) ((uint32_t)_mm_crc32_u64((crc), (value)))
#define STEP8(crc, value) _mm_crc32_u8((crc), (value))
#else
#define WITH_INSTRUCTION __attribute__((target("crc")))
#define STEP64(crc, value) __crc32cd((crc), (value))
#define STEP8(crc, value) __crc32cb((crc), (value))
#endif

// Three parts of `part` bytes each.
WITH_INSTRUCTION static inline uint32_t three_parts(uint32_t first, const uint8_t *bytes, size_t part,
                                                    const advance_table table) {
    uint32_t second = 0, third = 0;
    for (size_t i = 0; i < part; i += 8) {
        first = STEP64(first, load64(bytes + i));
        second = STEP64(second, load64(bytes + part + i));
        third = STEP64(third, load64(bytes + 2 * part + i));
    }
    return advance(table, advance(table, first) ^ second) ^ third;
}

WITH_INSTRUCTION static uint32_t by_instruction(uint32_t crc, const uint8_t *bytes, size_t count) {
    for (; count > 0 && ((uintptr_t)bytes & 7) != 0; bytes++, count--) crc = STEP8(crc, *bytes);
    for (; count >= 3 * LONG_PART; bytes += 3 * LONG_PART, count -= 3 * LONG_PART)
        crc = three_parts(crc, bytes, LONG_PART, advance_long);
    for (; count >= 3 * SHORT_PART; bytes += 3 * SHORT_PART, count -= 3 * SHORT_PART)
        crc = three_parts(crc, bytes, SHORT_PART, advance_short);
    for (; count >= 8; bytes += 8, count -= 8) crc = STEP64(crc, load64(bytes));
    for (; count > 0; bytes++, count--) crc = STEP8(crc, *bytes);
    return crc;
}

#endif

uint32_t manta_crc32c_portable(uint32_t crc, const void *bytes, size_t count) {
    pthread_once(&once, prepare);
    return ~by_table(~crc, bytes, count);
}

uint32_t manta_crc32c(uint32_t crc, const void *bytes, size_t count) {
    pthread_once(&once, prepare);
#if defined(__x86_64__) || defined(__aarch64__)
    if (has_instruction) return ~by_instruction(~crc, bytes, count);
#endif
    return ~by_table(~crc, bytes, count);
}
