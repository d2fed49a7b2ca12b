// SPDX-License-Identifier: Apache-2.0
// The libraries that read and write image layers, each behind the few calls that are needed of it: libcrypto, ISA-L,
// zlib, zstd, libarchive. No policy: limits, names and what is refused are the callers' business.
#ifndef HULL_CARCHIVE_H
#define HULL_CARCHIVE_H

#include <stddef.h>
#include <stdint.h>

// Bytes of an open file from a place on: pread(2), until the room is full or the file ends. -errno on failure.
int64_t carchive_read_at(int fd, void *buffer, size_t room, uint64_t offset);
void carchive_close(int fd);

// Digests: libcrypto. -----------------------------------------------------------------------------------------------
// A digest that is being made; `name` is OpenSSL's: "SHA256", "SHA512". NULL where the library cannot.
void *carchive_digest_new(const char *name);
// 0 on failure of the library.
int carchive_digest_update(void *digest, const void *bytes, size_t count);
// Writes at most 64 bytes and returns how many, 0 on failure. The digest cannot be used any more but to be freed.
size_t carchive_digest_finish(void *digest, uint8_t *result);
void carchive_digest_free(void *digest);

// Decompression: ISA-L for gzip, libzstd for zstd. --------------------------------------------------------------------
enum carchive_packing { CARCHIVE_GZIP, CARCHIVE_ZSTD };
void *carchive_inflater_new(enum carchive_packing packing);
// What came of a step.
enum carchive_progress {
    CARCHIVE_MORE,      // it goes on
    CARCHIVE_COMPLETE,  // the input so far is a whole stream: it may end here, or another one may follow
    CARCHIVE_CORRUPT,   // it is no such stream, or a damaged one
    CARCHIVE_TOO_WIDE,  // decompression would need more memory than it may have
};
// Takes input and gives output, both as far as there is room; says how much of either.
enum carchive_progress carchive_inflater_step(void *inflater, const uint8_t *input, size_t input_count,
                                              size_t *input_used, uint8_t *output, size_t output_room,
                                              size_t *output_made);
void carchive_inflater_free(void *inflater);

// Compression to gzip: zlib. The same bytes give the same bytes: no time and no name is in the header. ----------------
void *carchive_deflater_new(void);
// 1 with `last` when all is out, 0 when there is more to come, -1 on failure.
int carchive_deflater_step(void *deflater, const uint8_t *input, size_t input_count, size_t *input_used,
                           uint8_t *output, size_t output_room, size_t *output_made, int last);
void carchive_deflater_free(void *deflater);

// Reading tar archives: libarchive, none of its other formats and filters. --------------------------------------------
// Gives the next bytes of the archive: their count, 0 at the end, -1 on failure.
typedef int64_t (*carchive_source)(void *context, const void **bytes);
// Skips bytes of the archive if it can, and says how many.
typedef int64_t (*carchive_skip)(void *context, int64_t count);
void *carchive_reader_new(carchive_source source, carchive_skip skip, void *context);

// An entry; what is pointed to is valid until the next one is read. A text is NULL where there is none.
struct carchive_entry {
    const char *path, *hard_link, *symbolic_link;
    int64_t size, uid, gid, modified;
    uint32_t mode, modified_nanoseconds, device_major, device_minor;
    uint64_t position; // where the entry's data begin
};
// 1 and an entry, 0 at the end, -1 on failure.
int carchive_reader_next(void *reader, struct carchive_entry *entry);
// 1 and an extended attribute of the entry, 0 after the last.
int carchive_reader_attribute(void *reader, const char **name, const void **value, size_t *size);
// 1 and a block of the entry's data, 0 at their end, -1 on failure. Between blocks there may be holes.
int carchive_reader_data(void *reader, const void **bytes, size_t *count, int64_t *offset);
// How many bytes of the archive were read.
uint64_t carchive_reader_position(void *reader);
// What the library says about the failure.
const char *carchive_reader_problem(void *reader);
void carchive_reader_free(void *reader);

// Writing tar archives: libarchive, ustar with pax records where needed. ----------------------------------------------
// Takes bytes of the archive: how many, or -1 on failure.
typedef int64_t (*carchive_sink)(void *context, const void *bytes, size_t count);
void *carchive_writer_new(carchive_sink sink, void *context);
void carchive_writer_attribute(void *writer, const char *name, const void *value, size_t size);
// Begins an entry, with the attributes that were given before it; 0 on failure.
int carchive_writer_begin(void *writer, const struct carchive_entry *entry);
int carchive_writer_data(void *writer, const void *bytes, size_t count);
// Ends the archive; 0 on failure.
int carchive_writer_finish(void *writer);
const char *carchive_writer_problem(void *writer);
void carchive_writer_free(void *writer);

#endif
