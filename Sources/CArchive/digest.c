// SPDX-License-Identifier: Apache-2.0

#include "carchive.h"

#include <openssl/evp.h>

void *carchive_digest_new(const char *name)
{
    const EVP_MD *algorithm = EVP_get_digestbyname(name);
    EVP_MD_CTX *digest = algorithm ? EVP_MD_CTX_new() : NULL;
    if (digest && EVP_DigestInit_ex(digest, algorithm, NULL) != 1) {
        EVP_MD_CTX_free(digest);
        return NULL;
    }
    return digest;
}

int carchive_digest_update(void *digest, const void *bytes, size_t count)
{
    return EVP_DigestUpdate(digest, bytes, count) == 1;
}

size_t carchive_digest_finish(void *digest, uint8_t *result)
{
    unsigned int length = 0;
    return EVP_DigestFinal_ex(digest, result, &length) == 1 ? length : 0;
}

void carchive_digest_free(void *digest)
{
    EVP_MD_CTX_free(digest);
}
