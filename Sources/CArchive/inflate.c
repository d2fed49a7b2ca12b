// SPDX-License-Identifier: Apache-2.0

#include "carchive.h"

#include <isa-l.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

struct inflater {
    ZSTD_DStream *zstd;
    // Whether a member of a gzip file is being read: between two there may be the end.
    int inside;
    struct inflate_state gzip;
};

void *carchive_inflater_new(enum carchive_packing packing)
{
    struct inflater *inflater = calloc(1, sizeof *inflater);
    if (!inflater)
        return NULL;
    if (packing == CARCHIVE_ZSTD) {
        inflater->zstd = ZSTD_createDStream();
        if (!inflater->zstd) {
            free(inflater);
            return NULL;
        }
        ZSTD_initDStream(inflater->zstd);
    }
    return inflater;
}

// A gzip file is a row of members (RFC 1952, section 2.2): several writers make use of that.
static enum carchive_progress step_gzip(struct inflater *inflater, const uint8_t *input, size_t input_count,
                                        size_t *input_used, uint8_t *output, size_t output_room, size_t *output_made)
{
    struct inflate_state *gzip = &inflater->gzip;
    if (!inflater->inside) {
        isal_inflate_init(gzip);
        gzip->crc_flag = ISAL_GZIP;
        inflater->inside = 1;
    }
    gzip->next_in = (uint8_t *)input;
    gzip->avail_in = (uint32_t)input_count;
    gzip->next_out = output;
    gzip->avail_out = (uint32_t)output_room;
    int result = isal_inflate(gzip);
    *input_used = input_count - gzip->avail_in;
    *output_made = output_room - gzip->avail_out;
    if (result != ISAL_DECOMP_OK && result != ISAL_END_INPUT && result != ISAL_OUT_OVERFLOW)
        return CARCHIVE_CORRUPT;
    if (gzip->block_state != ISAL_BLOCK_FINISH)
        return CARCHIVE_MORE;
    inflater->inside = 0;
    return CARCHIVE_COMPLETE;
}

static enum carchive_progress step_zstd(struct inflater *inflater, const uint8_t *input, size_t input_count,
                                        size_t *input_used, uint8_t *output, size_t output_room, size_t *output_made)
{
    ZSTD_inBuffer in = {input, input_count, 0};
    ZSTD_outBuffer out = {output, output_room, 0};
    size_t result = ZSTD_decompressStream(inflater->zstd, &out, &in);
    *input_used = in.pos;
    *output_made = out.pos;
    if (!ZSTD_isError(result))
        return result == 0 ? CARCHIVE_COMPLETE : CARCHIVE_MORE;
    return ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge ? CARCHIVE_TOO_WIDE
                                                                                 : CARCHIVE_CORRUPT;
}

enum carchive_progress carchive_inflater_step(void *inflater, const uint8_t *input, size_t input_count,
                                              size_t *input_used, uint8_t *output, size_t output_room,
                                              size_t *output_made)
{
    struct inflater *self = inflater;
    return self->zstd ? step_zstd(self, input, input_count, input_used, output, output_room, output_made)
                      : step_gzip(self, input, input_count, input_used, output, output_room, output_made);
}

void carchive_inflater_free(void *inflater)
{
    struct inflater *self = inflater;
    ZSTD_freeDStream(self->zstd);
    free(self);
}

void *carchive_deflater_new(void)
{
    z_stream *stream = calloc(1, sizeof *stream);
    // 16 and the window's size: gzip, with an empty header.
    if (stream && deflateInit2(stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, 8, 0) != Z_OK) {
        free(stream);
        return NULL;
    }
    return stream;
}

int carchive_deflater_step(void *deflater, const uint8_t *input, size_t input_count, size_t *input_used,
                           uint8_t *output, size_t output_room, size_t *output_made, int last)
{
    z_stream *stream = deflater;
    stream->next_in = (uint8_t *)input;
    stream->avail_in = (uInt)input_count;
    stream->next_out = output;
    stream->avail_out = (uInt)output_room;
    int result = deflate(stream, last ? Z_FINISH : Z_NO_FLUSH);
    *input_used = input_count - stream->avail_in;
    *output_made = output_room - stream->avail_out;
    if (result == Z_STREAM_END)
        return 1;
    return result == Z_OK || result == Z_BUF_ERROR ? 0 : -1;
}

void carchive_deflater_free(void *deflater)
{
    deflateEnd(deflater);
    free(deflater);
}
