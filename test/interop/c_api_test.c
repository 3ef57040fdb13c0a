/*
 * libpacked.so from plain C: arrays built by hand go into two column groups and come back.
 * Usage: packed_c_test; works in a directory of its own below TMPDIR.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "c_api_check.h"
#include "c_api_rows.h"
#include "packed/c_api.h"

#define ROWS 1000
#define BATCHES 3

/* ---- the files of one test ---- */

static char directory[256];
static char path_scalars[300];
static char path_vectors[300];
static const char* paths[2] = {path_scalars, path_vectors};
static const int64_t group_ids[2] = {0, 102};
static const int64_t group_offsets[3] = {0, 2, 3};
static const int32_t group_columns[3] = {0, 1, 2};
static const CColumnGroups groups = {2, group_ids, group_offsets, group_columns};

static int CountFiles(void) {
  int count = 0;
  DIR* dir = opendir(directory);
  for (struct dirent* entry; (entry = readdir(dir)) != NULL;) {
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) ++count;
  }
  closedir(dir);
  return count;
}

static void RemoveFiles(void) {
  unlink(path_scalars);
  unlink(path_vectors);
}

static CPackedWriter OpenWriter(void) {
  struct ArrowSchema schema;
  CPackedWriter writer = NULL;
  MakeFullSchema(&schema);
  EXPECT(PACKED_OK, NULL, NewPackedWriter(&schema, 0, paths, 2, 0, &groups, &writer));
  CHECK(schema.release == NULL);
  CHECK(writer != NULL);
  return writer;
}

static void WriteFiles(void) {
  CPackedWriter writer = OpenWriter();
  for (int64_t batch = 0; batch < BATCHES; ++batch) {
    struct ArrowArray rows;
    struct ArrowSchema schema;
    MakeRows(&rows, batch * ROWS, ROWS);
    MakeFullSchema(&schema);
    /* With the batch's own schema, and without one. */
    EXPECT(PACKED_OK, NULL, WriteRecordBatch(writer, &rows, batch == 1 ? &schema : NULL));
    CHECK(rows.release == NULL);
    CHECK((schema.release == NULL) == (batch == 1));
    if (schema.release) schema.release(&schema);
    CHECK(live_structs == 0); /* nothing of the batch is held back */
  }
  CHECK(access(path_scalars, F_OK) != 0); /* nothing appears before CloseWriter */
  EXPECT(PACKED_OK, NULL, CloseWriter(writer));
  CHECK(CountFiles() == 2);
  EXPECT(PACKED_CLOSED, "writer", CloseWriter(writer));
}

/* The same rows in another layout: ReadFiles is none the wiser. */
static void WriteFilesInLayout(const char* layout) {
  const CWriterOptions options = {.layout = layout, .compression_level = 5, .concurrency = 2};
  struct ArrowSchema schema;
  CPackedWriter writer = NULL;
  MakeFullSchema(&schema);
  EXPECT(PACKED_OK, NULL,
         NewPackedWriterWithOptions(&schema, paths, 2, &groups, NULL, NULL,
                                    layout == NULL ? NULL : &options, &writer));
  CHECK(schema.release == NULL);
  for (int64_t batch = 0; batch < BATCHES; ++batch) {
    struct ArrowArray rows;
    MakeRows(&rows, batch * ROWS, ROWS);
    EXPECT(PACKED_OK, NULL, WriteRecordBatch(writer, &rows, NULL));
  }
  EXPECT(PACKED_OK, NULL, CloseWriter(writer));
}

static long SizeOf(const char* path) {
  struct stat facts;
  return stat(path, &facts) == 0 ? (long)facts.st_size : -1;
}

static void RefusedOptions(CWriterOptions options, const char* word) {
  struct ArrowSchema schema;
  CPackedWriter writer = (CPackedWriter)1;
  MakeFullSchema(&schema);
  EXPECT(PACKED_INVALID_ARGUMENT, word,
         NewPackedWriterWithOptions(&schema, paths, 2, &groups, NULL, NULL, &options, &writer));
  CHECK(schema.release == NULL);
  CHECK(writer == NULL);
}

static int SameRow(const struct ArrowArray* batch, int64_t i, int64_t row) {
  const struct ArrowArray* id = batch->children[0];
  const struct ArrowArray* title = batch->children[1];
  const struct ArrowArray* vector = batch->children[2];
  int64_t at = title->offset + batch->offset + i;
  const uint8_t* valid = title->buffers[0];
  int is_null = valid != NULL && !(valid[at / 8] >> (at % 8) & 1);
  const int32_t* offsets = title->buffers[1];
  char expected[24];
  int length = sprintf(expected, "t%lld", (long long)row);
  const float* values =
      (const float*)vector->buffers[1] + (vector->offset + batch->offset + i) * DIM;

  if (((const int64_t*)id->buffers[1])[id->offset + batch->offset + i] != row) return 0;
  if (is_null != (row % 7 == 0)) return 0;
  if (!is_null && (offsets[at + 1] - offsets[at] != length ||
                   memcmp((const char*)title->buffers[2] + offsets[at], expected, length) != 0)) {
    return 0;
  }
  for (int d = 0; d < DIM; ++d) {
    if (values[d] != (float)(row + d)) return 0;
  }
  return 1;
}

static void ReadFiles(void) {
  CPackedReader reader = NULL;
  struct ArrowArray batch, kept = {0};
  struct ArrowSchema schema;
  int64_t rows = 0, same = 0;
  EXPECT(PACKED_OK, NULL, NewPackedReader(paths, 2, NULL, 1 << 20, &reader));
  /* Format note, case 29: refused, and no row is lost by it. */
  schema.release = NULL;
  EXPECT(PACKED_INVALID_ARGUMENT, "out_array", ReadNext(reader, NULL, &schema));
  EXPECT(PACKED_INVALID_ARGUMENT, "out_array", ReadNext(reader, NULL, NULL));
  CHECK(schema.release == NULL);
  for (;;) {
    EXPECT(PACKED_OK, NULL, ReadNext(reader, &batch, &schema));
    if (batch.release == NULL) break;
    CHECK(schema.n_children == 3 && strcmp(schema.children[1]->name, "title") == 0);
    CHECK(strcmp(schema.children[2]->format, "w:16") == 0);
    for (int64_t i = 0; i < batch.length; ++i) same += SameRow(&batch, i, rows + i);
    rows += batch.length;
    schema.release(&schema);
    if (kept.release) kept.release(&kept);
    kept = batch; /* moved */
  }
  CHECK(rows == BATCHES * ROWS);
  CHECK(same == rows);
  CHECK(schema.release == NULL);
  EXPECT(PACKED_OK, NULL, ReadNext(reader, &batch, NULL)); /* the end repeats */
  CHECK(batch.release == NULL);
  EXPECT(PACKED_OK, NULL, CloseReader(reader));
  CHECK(SameRow(&kept, kept.length - 1, BATCHES * ROWS - 1)); /* outlives its reader */
  kept.release(&kept);
  EXPECT(PACKED_CLOSED, "reader", ReadNext(reader, &batch, NULL));
  CHECK(batch.release == NULL);
  EXPECT(PACKED_CLOSED, "reader", CloseReader(reader));
}

static void OtherLayouts(void) {
  const char* layouts[] = {NULL, "milvus", "fast", "small"};
  long sizes[4];
  for (int i = 0; i < 4; ++i) {
    WriteFilesInLayout(layouts[i]);
    ReadFiles();
    sizes[i] = SizeOf(path_vectors);
    RemoveFiles();
  }
  CHECK(sizes[0] == sizes[1]);
  CHECK(sizes[3] < sizes[1] / 2); /* vectors of small numbers, stored in layout milvus */
  RefusedOptions((CWriterOptions){.layout = "quick"}, "quick");
  RefusedOptions((CWriterOptions){.compression_level = 99}, "level");
  RefusedOptions((CWriterOptions){.row_group_bytes = -1}, "row_group_bytes");
  RefusedOptions((CWriterOptions){.buffer_size = -1}, "buffer_size");
  RefusedOptions((CWriterOptions){.part_upload_size = -1}, "part_upload_size");
  RefusedOptions((CWriterOptions){.concurrency = -1}, "concurrency");
}

static void ReadProjection(void) {
  const struct Column columns[] = {kVector, kAbsent, kId};
  struct ArrowSchema schema, out_schema;
  struct ArrowArray batch;
  CStorageConfig config = {.root_path = directory};
  const char* relative[2] = {"102", "0"}; /* the order of the files does not matter */
  CPackedReader reader = NULL;
  MakeSchema(&schema, columns, 3);
  EXPECT(PACKED_OK, NULL,
         NewPackedReaderWithStorageConfig(relative, 2, &schema, 0, &config, &reader));
  CHECK(schema.release == NULL);
  EXPECT(PACKED_OK, NULL, ReadNext(reader, &batch, &out_schema));
  CHECK(batch.release && batch.n_children == 3);
  if (batch.release) {
    CHECK(strcmp(out_schema.children[0]->name, "vector") == 0);
    CHECK(((const float*)batch.children[0]->buffers[1])[DIM] == 1.0f);
    CHECK(batch.children[1]->null_count == batch.length);
    CHECK(((const int64_t*)batch.children[2]->buffers[1])[1] == 1);
    batch.release(&batch);
    out_schema.release(&out_schema);
  }
  EXPECT(PACKED_OK, NULL, CloseReader(reader));
}

static void CloseAfterAFailedWrite(void) {
  struct ArrowArray rows;
  CPackedWriter writer;
  RemoveFiles();
  writer = OpenWriter();
  MakeRows(&rows, 0, ROWS);
  EXPECT(PACKED_OK, NULL, WriteRecordBatch(writer, &rows, NULL));
  EXPECT(PACKED_INVALID_ARGUMENT, "array", WriteRecordBatch(writer, NULL, NULL));
  MakeRows(&rows, ROWS, ROWS);
  EXPECT(PACKED_INVALID_ARGUMENT, "array", WriteRecordBatch(writer, &rows, NULL));
  CHECK(rows.release == NULL);
  EXPECT(PACKED_INVALID_ARGUMENT, "array", CloseWriter(writer));
  CHECK(CountFiles() == 0);
}

static void WriteOfAnotherSchema(void) {
  const struct Column columns[] = {kId, {"g", "title", "101", ARROW_FLAG_NULLABLE}, kVector};
  struct ArrowArray rows;
  struct ArrowSchema schema;
  CPackedWriter writer = OpenWriter();
  MakeRows(&rows, 0, 10);
  rows.children[1]->n_buffers = 2; /* as a float64 column has */
  MakeSchema(&schema, columns, 3);
  CStatus status = WriteRecordBatch(writer, &rows, &schema);
  CHECK(status.error_code == PACKED_TYPE_MISMATCH || status.error_code == PACKED_INVALID_SCHEMA);
  CHECK(status.error_msg && strstr(status.error_msg, "title"));
  FreeCStatus(&status);
  CHECK(rows.release == NULL && schema.release == NULL);
  status = CloseWriter(writer);
  CHECK(status.error_code != PACKED_OK);
  FreeCStatus(&status);
  CHECK(CountFiles() == 0);
}

static void ReleasedArrayIsRefused(void) {
  struct ArrowArray rows;
  CPackedWriter writer = OpenWriter();
  MakeRows(&rows, 0, 10);
  rows.release(&rows);
  CStatus status = WriteRecordBatch(writer, &rows, NULL);
  CHECK(status.error_code == PACKED_INVALID_DATA);
  FreeCStatus(&status);
  EXPECT(PACKED_INVALID_DATA, NULL, CloseWriter(writer));
}

/* Opens a writer with one thing wrong; everything passed in must be consumed all the same. */
static void RefusedWriter(int32_t code, const char* mention, struct ArrowSchema* schema,
                          int64_t buffer_size, const char* const* to, int64_t num_paths,
                          const CColumnGroups* column_groups, const CStorageConfig* config) {
  CPackedWriter writer = (CPackedWriter)1;
  EXPECT(code, mention,
         NewPackedWriterWithStorageConfig(schema, buffer_size, to, num_paths, 0, column_groups,
                                          config, &writer));
  CHECK(writer == NULL);
  CHECK(schema == NULL || schema->release == NULL);
  CHECK(live_structs == 0);
  CHECK(CountFiles() == 0);
}

static void RefusedWriters(void) {
  struct ArrowSchema schema;
  const char* with_null[2] = {path_scalars, NULL};
  const int64_t falling[3] = {0, 2, 1};
  const int64_t late[3] = {1, 2, 3};
  const int32_t twice[3] = {0, 1, 1};
  const int32_t outside[3] = {0, 1, 300};
  const CColumnGroups no_offsets = {2, group_ids, NULL, group_columns};
  const CColumnGroups no_columns = {2, group_ids, group_offsets, NULL};
  const CColumnGroups bad_order = {2, group_ids, falling, group_columns};
  const CColumnGroups bad_start = {2, group_ids, late, group_columns};
  const CColumnGroups bad_twice = {2, group_ids, group_offsets, twice};
  const CColumnGroups bad_index = {2, group_ids, group_offsets, outside};
  const CStorageConfig remote = {.storage_type = "minio", .address = "localhost:9000"};
  const struct Column no_id[] = {{"l", "id", NULL, 0}, kTitle, kVector};
  const int32_t invalid = PACKED_INVALID_ARGUMENT;

  RefusedWriter(invalid, "schema", NULL, 0, paths, 2, &groups, NULL);
#define SCHEMA (MakeFullSchema(&schema), &schema)
  RefusedWriter(invalid, "buffer_size", SCHEMA, -1, paths, 2, &groups, NULL);
  RefusedWriter(invalid, "paths", SCHEMA, 0, NULL, 2, &groups, NULL);
  RefusedWriter(invalid, "paths[1]", SCHEMA, 0, with_null, 2, &groups, NULL);
  RefusedWriter(invalid, "num_paths", SCHEMA, 0, paths, -1, &groups, NULL);
  /* Format note, case 4: two groups, one path. */
  RefusedWriter(invalid, "num_groups", SCHEMA, 0, paths, 1, &groups, NULL);
  RefusedWriter(invalid, "groups", SCHEMA, 0, paths, 2, NULL, NULL);
  RefusedWriter(invalid, "offsets", SCHEMA, 0, paths, 2, &no_offsets, NULL);
  RefusedWriter(invalid, "columns", SCHEMA, 0, paths, 2, &no_columns, NULL);
  RefusedWriter(invalid, "offsets[2]", SCHEMA, 0, paths, 2, &bad_order, NULL);
  RefusedWriter(invalid, "offsets[0]", SCHEMA, 0, paths, 2, &bad_start, NULL);
  RefusedWriter(invalid, NULL, SCHEMA, 0, paths, 2, &bad_twice, NULL);
  RefusedWriter(invalid, NULL, SCHEMA, 0, paths, 2, &bad_index, NULL);
  RefusedWriter(invalid, "bucketName", SCHEMA, 0, paths, 2, &groups, &remote);
#undef SCHEMA
  MakeSchema(&schema, no_id, 3);
  RefusedWriter(PACKED_INVALID_SCHEMA, "id", &schema, 0, paths, 2, &groups, NULL);
  MakeFullSchema(&schema);
  schema.children[0]->format = "?";
  RefusedWriter(PACKED_INVALID_SCHEMA, NULL, &schema, 0, paths, 2, &groups, NULL);

  MakeFullSchema(&schema);
  EXPECT(invalid, "out", NewPackedWriter(&schema, 0, paths, 2, 0, &groups, NULL));
  CHECK(schema.release == NULL);
  EXPECT(invalid, "writer", CloseWriter(NULL));
  EXPECT(invalid, "writer", WriteRecordBatch(NULL, NULL, NULL));
}

static void RefusedReaders(void) {
  CPackedReader reader = (CPackedReader)1;
  struct ArrowArray batch;
  const CStorageConfig remote = {.storage_type = "remote"};
  const int32_t invalid = PACKED_INVALID_ARGUMENT;
  EXPECT(PACKED_NOT_FOUND, path_scalars, NewPackedReader(paths, 2, NULL, 0, &reader));
  CHECK(reader == NULL);
  EXPECT(invalid, "num_paths", NewPackedReader(paths, 0, NULL, 0, &reader));
  EXPECT(invalid, "paths", NewPackedReader(NULL, 2, NULL, 0, &reader));
  EXPECT(PACKED_NOT_FOUND, path_scalars, NewPackedReader(paths, 2, NULL, -1, &reader));
  EXPECT(invalid, "out", NewPackedReader(paths, 2, NULL, 0, NULL));
  EXPECT(invalid, "bucketName",
         NewPackedReaderWithStorageConfig(paths, 2, NULL, 0, &remote, &reader));
  EXPECT(invalid, "reader", ReadNext(NULL, &batch, NULL));
  EXPECT(invalid, "out_array", ReadNext(NULL, NULL, NULL));
  EXPECT(invalid, "reader", CloseReader(NULL));
}

static void HandlesOfOneKindAreNotOfTheOther(void) {
  CPackedWriter writer = OpenWriter();
  EXPECT(PACKED_CLOSED, "reader", CloseReader((CPackedReader)writer));
  EXPECT(PACKED_OK, NULL, CloseWriter(writer)); /* zero rows are a valid set of files */
  CPackedReader reader = NULL;
  struct ArrowArray batch;
  EXPECT(PACKED_OK, NULL, NewPackedReader(paths, 2, NULL, 0, &reader));
  EXPECT(PACKED_OK, NULL, ReadNext(reader, &batch, NULL));
  CHECK(batch.release == NULL);
  EXPECT(PACKED_OK, NULL, CloseReader(reader));
  RemoveFiles();
}

int main(void) {
  const char* tmp = getenv("TMPDIR");
  snprintf(directory, sizeof(directory), "%s/packed-c-XXXXXX", tmp ? tmp : "/tmp");
  if (mkdtemp(directory) == NULL) return 2;
  snprintf(path_scalars, sizeof(path_scalars), "%s/0", directory);
  snprintf(path_vectors, sizeof(path_vectors), "%s/102", directory);

  RefusedReaders();
  RefusedWriters();
  WriteFiles();
  ReadFiles();
  ReadProjection();
  RemoveFiles();
  OtherLayouts();
  CloseAfterAFailedWrite();
  WriteOfAnotherSchema();
  ReleasedArrayIsRefused();
  HandlesOfOneKindAreNotOfTheOther();
  CHECK(live_structs == 0);
  CHECK(CountFiles() == 0);
  rmdir(directory);
  printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
