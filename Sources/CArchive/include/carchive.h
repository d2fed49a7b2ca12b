// SPDX-License-Identifier: Apache-2.0
// The libraries that read and write image layers, each behind the few calls that are needed of it: libcrypto, ISA-L,
// zlib, zstd, libarchive. No policy: limits, names and what is refused are the callers' business.
#ifndef HULL_CARCHIVE_H
#define HULL_CARCHIVE_H

#include <stddef.h>
#include <stdint.h>

// Digests: libcrypto. -----------------------------------------------------------------------------------------------
// A digest that is being made; `name` is OpenSSL's: "SHA256", "SHA512". NULL where the library cannot.
void *carchive_digest_new(const char *name);
// 0 on failure of the library.
int carchive_digest_update(void *digest, const void *bytes, size_t count);
// Writes at most 64 bytes and returns how many, 0 on failure. The digest cannot be used any more but to be freed.
size_t carchive_digest_finish(void *digest, uint8_t *result);
void carchive_digest_free(void *digest);

#endif
