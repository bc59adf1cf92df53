#include "digest.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct manta_sha256 {
    EVP_MD_CTX *context;
};

manta_sha256 *manta_sha256_new(void) {
    manta_sha256 *digest = calloc(1, sizeof *digest);
    if (!digest) return NULL;
    digest->context = EVP_MD_CTX_new();
    if (digest->context && EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL) == 1) return digest;
    manta_sha256_free(digest);
    return NULL;
}

void manta_sha256_free(manta_sha256 *digest) {
    if (!digest) return;
    EVP_MD_CTX_free(digest->context);
    free(digest);
}

int manta_sha256_update(manta_sha256 *digest, const void *bytes, size_t count) {
    return EVP_DigestUpdate(digest->context, bytes, count) == 1;
}

int manta_sha256_finish(manta_sha256 *digest, uint8_t *result) {
    return EVP_DigestFinal_ex(digest->context, result, NULL) == 1;
}
