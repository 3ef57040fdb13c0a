/*
 * The uploader table of libpacked.so from plain C, over a store in memory.
 * Usage: packed_c_upload_test
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "c_api_check.h"
#include "c_api_memory_store.h"
#include "c_api_rows.h"
#include "packed/c_api.h"

#define ROWS 150000 /* a batch: 2.4 MB of vectors */
#define BATCHES 4
#define PART_BYTES (5 << 20)

static struct MemoryStore store;
static const char* paths[2] = {"bucket/seg/0", "seg/102"}; /* the bucket may stand in front */
static const int64_t group_ids[2] = {0, 102};
static const int64_t group_offsets[3] = {0, 2, 3};
static const int32_t group_columns[3] = {0, 1, 2};
static const CColumnGroups groups = {2, group_ids, group_offsets, group_columns};
static const CStorageConfig config = {
    .storage_type = "minio", .address = "127.0.0.1:9", .bucket_name = "bucket"};

static CStatus Open(const CStorageConfig* storage, const CUploader* uploader,
                    CPackedWriter* writer) {
  struct ArrowSchema schema;
  MakeFullSchema(&schema);
  const CStatus status = NewPackedWriterWithUploader(&schema, 0, paths, 2, PART_BYTES, &groups,
                                                     storage, uploader, writer);
  CHECK(schema.release == NULL);
  return status;
}

static CPackedWriter OpenWriter(void) {
  const CUploader uploader = UploaderOf(&store);
  CPackedWriter writer = NULL;
  EXPECT(PACKED_OK, NULL, Open(&config, &uploader, &writer));
  return writer;
}

/* The first status that is not OK, of the writes or of the closing. */
static CStatus WriteAndClose(int batches) {
  CPackedWriter writer = OpenWriter();
  CStatus status = {PACKED_OK, NULL};
  for (int i = 0; i < batches && status.error_code == PACKED_OK; ++i) {
    struct ArrowArray rows;
    MakeRows(&rows, (int64_t)i * ROWS, ROWS);
    status = WriteRecordBatch(writer, &rows, NULL);
  }
  CStatus closed = CloseWriter(writer);
  if (status.error_code == PACKED_OK) return closed;
  CHECK(closed.error_code == status.error_code);
  FreeCStatus(&closed);
  return status;
}

static int IsParquet(const char* key) {
  const struct Entry* entry = FindObject(&store, key);
  return entry != NULL && entry->blob.size > 12 && memcmp(entry->blob.data, "PAR1", 4) == 0 &&
         memcmp(entry->blob.data + entry->blob.size - 4, "PAR1", 4) == 0;
}

static void LargeFilesGoInParts(void) {
  ResetStore(&store);
  EXPECT(PACKED_OK, NULL, WriteAndClose(BATCHES));
  CHECK(IsParquet("seg/0") && IsParquet("seg/102"));
  CHECK(FindObject(&store, "seg/102")->blob.size > (int64_t)BATCHES * ROWS * 16);
  CHECK(store.creates >= 1 && store.completes == store.creates);
  CHECK(store.parts >= 2);
  CHECK(store.puts == 2 - store.completes);
  CHECK(store.aborts == 0 && store.removes == 0);
  CHECK(CountUploads(&store) == 0);
  CHECK(Await(&store, &store.releases, 1) == 1);
}

static void NothingAppearsBeforeTheEnd(void) {
  ResetStore(&store);
  CPackedWriter writer = OpenWriter();
  struct ArrowArray rows;
  MakeRows(&rows, 0, 10);
  EXPECT(PACKED_OK, NULL, WriteRecordBatch(writer, &rows, NULL));
  CHECK(CountObjects(&store) == 0 && store.puts == 0 && store.creates == 0);
  EXPECT(PACKED_OK, NULL, CloseWriter(writer));
  CHECK(store.puts == 2 && store.creates == 0);
  CHECK(IsParquet("seg/0") && IsParquet("seg/102"));
  CHECK(Await(&store, &store.releases, 1) == 1);
}

static void FailuresLeaveNothing(void) {
  const char* steps[] = {"create", "part", "complete", "put"};
  for (int i = 0; i < 4; ++i) {
    ResetStore(&store);
    store.fail_step = steps[i];
    store.fail_code = PACKED_THROTTLED;
    EXPECT(PACKED_THROTTLED, "injected", WriteAndClose(i == 3 ? 1 : BATCHES));
    CHECK(Await(&store, &store.releases, 1) == 1);
    CHECK(CountObjects(&store) == 0);
    CHECK(CountUploads(&store) == 0);
    CHECK(live_structs == 0);
  }
}

static void AnObjectThatStandsThereIsKept(void) {
  const uint8_t theirs[] = "theirs";
  ResetStore(&store);
  CHECK(KeepObject(&store, "seg/102", 0, CopyBlob(theirs, 6), NULL) == PACKED_OK);
  EXPECT(PACKED_ALREADY_EXISTS, "stands there", WriteAndClose(BATCHES));
  CHECK(Await(&store, &store.releases, 1) == 1);
  CHECK(CountObjects(&store) == 1 && CountUploads(&store) == 0);
  CHECK(FindObject(&store, "seg/102")->blob.size == 6);
  CHECK(store.removes == 1); /* seg/0 was there for a moment */
}

static void RefusedTablesAreReleased(void) {
  const CStorageConfig local = {.storage_type = "local"};
  CPackedWriter writer = (CPackedWriter)1;
  ResetStore(&store);
  CUploader uploader = UploaderOf(&store);
  EXPECT(PACKED_INVALID_ARGUMENT, "storage_type", Open(&local, &uploader, &writer));
  EXPECT(PACKED_INVALID_ARGUMENT, "storage_type", Open(NULL, &uploader, &writer));
  CHECK(writer == NULL);
  EXPECT(PACKED_INVALID_ARGUMENT, "out", Open(&config, &uploader, NULL));
  EXPECT(PACKED_INVALID_ARGUMENT, "uploader", Open(&config, NULL, &writer));
  uploader.part = NULL;
  EXPECT(PACKED_INVALID_ARGUMENT, "uploader", Open(&config, &uploader, &writer));
  CHECK(store.releases == 4);
  uploader.release = NULL; /* may be NULL */
  EXPECT(PACKED_INVALID_ARGUMENT, "uploader", Open(&config, &uploader, &writer));
  CHECK(store.creates + store.puts == 0);
}

static void AWriterThatIsDroppedGivesItsUploadsUp(void) {
  ResetStore(&store);
  CPackedWriter writer = OpenWriter();
  for (int i = 0; i < BATCHES; ++i) {
    struct ArrowArray rows;
    MakeRows(&rows, (int64_t)i * ROWS, ROWS);
    EXPECT(PACKED_OK, NULL, WriteRecordBatch(writer, &rows, NULL));
  }
  CHECK(store.creates >= 1);
  EXPECT(PACKED_INVALID_ARGUMENT, "array", WriteRecordBatch(writer, NULL, NULL));
  EXPECT(PACKED_INVALID_ARGUMENT, "array", CloseWriter(writer));
  CHECK(Await(&store, &store.releases, 1) == 1);
  CHECK(CountObjects(&store) == 0 && CountUploads(&store) == 0);
}

int main(void) {
  LargeFilesGoInParts();
  NothingAppearsBeforeTheEnd();
  FailuresLeaveNothing();
  AnObjectThatStandsThereIsKept();
  RefusedTablesAreReleased();
  AWriterThatIsDroppedGivesItsUploadsUp();
  ResetStore(&store);
  CHECK(live_structs == 0);
  printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
