// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "carchive.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

// pax records are UTF-8, names of files are bytes: in a locale of UTF-8 the library passes them on as they are. Which
// locale the program runs in is none of an archive's business.
static locale_t enter_utf8(locale_t *utf8)
{
    if (!*utf8)
        *utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
    return uselocale(*utf8);
}

struct reader {
    struct archive *archive;
    struct archive_entry *entry;
    carchive_source source;
    carchive_skip skip;
    void *context;
    locale_t utf8;
    int is_open;
};

static la_ssize_t read_block(struct archive *archive, void *context, const void **bytes)
{
    struct reader *reader = context;
    int64_t count = reader->source(reader->context, bytes);
    if (count < 0)
        archive_set_error(archive, -1, "the archive cannot be read");
    return count < 0 ? ARCHIVE_FATAL : (la_ssize_t)count;
}

static la_int64_t skip_bytes(struct archive *archive, void *context, la_int64_t count)
{
    struct reader *reader = context;
    (void)archive;
    return reader->skip(reader->context, count);
}

void *carchive_reader_new(carchive_source source, carchive_skip skip, void *context)
{
    struct reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return NULL;
    *reader = (struct reader){.archive = archive_read_new(), .source = source, .skip = skip, .context = context};
    if (!reader->archive) {
        free(reader);
        return NULL;
    }
    archive_read_support_filter_none(reader->archive);
    archive_read_support_format_tar(reader->archive);
    archive_read_support_format_empty(reader->archive);
    if (skip)
        archive_read_set_skip_callback(reader->archive, skip_bytes);
    archive_read_set_read_callback(reader->archive, read_block);
    archive_read_set_callback_data(reader->archive, reader);
    return reader;
}

int carchive_reader_next(void *opaque, struct carchive_entry *entry)
{
    struct reader *reader = opaque;
    locale_t before = enter_utf8(&reader->utf8);
    int result = ARCHIVE_OK;
    if (!reader->is_open)
        result = archive_read_open1(reader->archive); // reads the first bytes already
    reader->is_open = 1;
    if (result == ARCHIVE_OK)
        result = archive_read_next_header(reader->archive, &reader->entry);
    if (result == ARCHIVE_OK || result == ARCHIVE_WARN) {
        struct archive_entry *found = reader->entry;
        *entry = (struct carchive_entry){
            .path = archive_entry_pathname(found),
            .hard_link = archive_entry_hardlink(found),
            .symbolic_link = archive_entry_symlink(found),
            .size = archive_entry_size(found),
            .uid = archive_entry_uid(found),
            .gid = archive_entry_gid(found),
            .modified = archive_entry_mtime(found),
            .modified_nanoseconds = (uint32_t)archive_entry_mtime_nsec(found),
            .mode = archive_entry_mode(found),
            .device_major = (uint32_t)archive_entry_rdevmajor(found),
            .device_minor = (uint32_t)archive_entry_rdevminor(found),
            .position = (uint64_t)archive_filter_bytes(reader->archive, 0),
        };
        archive_entry_xattr_reset(found);
    }
    uselocale(before);
    if (result == ARCHIVE_EOF)
        return 0;
    return result == ARCHIVE_OK || result == ARCHIVE_WARN ? 1 : -1;
}

int carchive_reader_attribute(void *opaque, const char **name, const void **value, size_t *size)
{
    struct reader *reader = opaque;
    return archive_entry_xattr_next(reader->entry, name, value, size) == ARCHIVE_OK;
}

int carchive_reader_data(void *opaque, const void **bytes, size_t *count, int64_t *offset)
{
    struct reader *reader = opaque;
    int result = archive_read_data_block(reader->archive, bytes, count, offset);
    if (result == ARCHIVE_EOF)
        return 0;
    return result == ARCHIVE_OK || result == ARCHIVE_WARN ? 1 : -1;
}

uint64_t carchive_reader_position(void *opaque)
{
    return (uint64_t)archive_filter_bytes(((struct reader *)opaque)->archive, 0);
}

const char *carchive_reader_problem(void *opaque)
{
    const char *text = archive_error_string(((struct reader *)opaque)->archive);
    return text ? text : "no reason given";
}

void carchive_reader_free(void *opaque)
{
    struct reader *reader = opaque;
    archive_read_free(reader->archive);
    if (reader->utf8)
        freelocale(reader->utf8);
    free(reader);
}

struct writer {
    struct archive *archive;
    struct archive_entry *entry;
    carchive_sink sink;
    void *context;
    locale_t utf8;
};

static la_ssize_t write_block(struct archive *archive, void *context, const void *bytes, size_t count)
{
    struct writer *writer = context;
    int64_t done = writer->sink(writer->context, bytes, count);
    if (done < 0)
        archive_set_error(archive, -1, "the archive cannot be written");
    return (la_ssize_t)done;
}

void *carchive_writer_new(carchive_sink sink, void *context)
{
    struct writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return NULL;
    *writer = (struct writer){
        .archive = archive_write_new(), .entry = archive_entry_new(), .sink = sink, .context = context};
    locale_t before = enter_utf8(&writer->utf8);
    archive_write_set_format_pax_restricted(writer->archive);
    // The form that Go's readers know, and the only one that is unambiguous about the bytes of a value.
    archive_write_set_format_option(writer->archive, "pax", "xattrheader", "SCHILY");
    int result = archive_write_open(writer->archive, writer, NULL, write_block, NULL);
    uselocale(before);
    if (result == ARCHIVE_OK)
        return writer;
    carchive_writer_free(writer);
    return NULL;
}

void carchive_writer_attribute(void *opaque, const char *name, const void *value, size_t size)
{
    archive_entry_xattr_add_entry(((struct writer *)opaque)->entry, name, value, size);
}

int carchive_writer_begin(void *opaque, const struct carchive_entry *entry)
{
    struct writer *writer = opaque;
    struct archive_entry *next = writer->entry;
    locale_t before = enter_utf8(&writer->utf8);
    archive_entry_copy_pathname(next, entry->path);
    archive_entry_set_mode(next, entry->mode);
    archive_entry_set_uid(next, entry->uid);
    archive_entry_set_gid(next, entry->gid);
    archive_entry_set_mtime(next, entry->modified, entry->modified_nanoseconds);
    archive_entry_set_size(next, entry->size);
    if (S_ISCHR(entry->mode) || S_ISBLK(entry->mode)) {
        archive_entry_set_rdevmajor(next, entry->device_major);
        archive_entry_set_rdevminor(next, entry->device_minor);
    }
    if (entry->symbolic_link)
        archive_entry_copy_symlink(next, entry->symbolic_link);
    if (entry->hard_link)
        archive_entry_copy_hardlink(next, entry->hard_link);
    int result = archive_write_header(writer->archive, next);
    archive_entry_clear(next);
    uselocale(before);
    return result == ARCHIVE_OK || result == ARCHIVE_WARN;
}

int carchive_writer_data(void *opaque, const void *bytes, size_t count)
{
    return archive_write_data(((struct writer *)opaque)->archive, bytes, count) == (la_ssize_t)count;
}

int carchive_writer_finish(void *opaque)
{
    return archive_write_close(((struct writer *)opaque)->archive) == ARCHIVE_OK;
}

const char *carchive_writer_problem(void *opaque)
{
    const char *text = archive_error_string(((struct writer *)opaque)->archive);
    return text ? text : "no reason given";
}

void carchive_writer_free(void *opaque)
{
    struct writer *writer = opaque;
    archive_write_free(writer->archive);
    archive_entry_free(writer->entry);
    if (writer->utf8)
        freelocale(writer->utf8);
    free(writer);
}
