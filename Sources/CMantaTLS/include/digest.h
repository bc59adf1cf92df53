// SHA-256, by the system's OpenSSL.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { MANTA_SHA256_SIZE = 32 };

// A digest that is being computed. Not for two threads at a time.
typedef struct manta_sha256 manta_sha256;

// NULL when there is no memory, or when the system's configuration of OpenSSL has no SHA-256.
manta_sha256 *manta_sha256_new(void);
void manta_sha256_free(manta_sha256 *digest);
// 1, or 0 when OpenSSL fails.
int manta_sha256_update(manta_sha256 *digest, const void *bytes, size_t count);
// Writes MANTA_SHA256_SIZE bytes, once. 1, or 0 when OpenSSL fails.
int manta_sha256_finish(manta_sha256 *digest, uint8_t *result);
