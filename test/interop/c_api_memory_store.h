/*
 * A store in memory for c_api_upload_test.c, behind a CUploader. It refuses what a real one refuses
 * and fails where it is told to.
 */
#ifndef PACKED_TEST_C_API_MEMORY_STORE_H
#define PACKED_TEST_C_API_MEMORY_STORE_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packed/c_api.h"

#define MAX_ENTRIES 8
#define MAX_PARTS 8

struct Blob {
  uint8_t* data;
  int64_t size;
};

struct Entry {
  char key[64]; /* "" = free */
  struct Blob blob;
};

struct OpenUpload {
  char key[64]; /* "" = free */
  struct Blob parts[MAX_PARTS];
};

struct MemoryStore {
  pthread_mutex_t mutex;
  struct Entry objects[MAX_ENTRIES];
  struct OpenUpload uploads[MAX_ENTRIES];
  const char* fail_step; /* NULL, or the step that fails with fail_code */
  int32_t fail_code;
  int creates, parts, completes, aborts, puts, removes, releases;
};

static int32_t Fail(char** error, int32_t code, const char* message) {
  *error = strdup(message);
  return code;
}

/* Counts a step; the lock is held until the step ends. */
static int32_t Begin(struct MemoryStore* store, const char* step, int* count, char** error) {
  pthread_mutex_lock(&store->mutex);
  ++*count;
  if (store->fail_step == NULL || strcmp(store->fail_step, step) != 0) return PACKED_OK;
  return Fail(error, store->fail_code, "injected");
}

static struct Blob CopyBlob(const uint8_t* data, int64_t size) {
  struct Blob blob = {malloc(size > 0 ? (size_t)size : 1), size};
  if (size > 0) memcpy(blob.data, data, (size_t)size);
  return blob;
}

static struct Entry* FindObject(struct MemoryStore* store, const char* key) {
  for (int i = 0; i < MAX_ENTRIES; ++i) {
    if (strcmp(store->objects[i].key, key) == 0) return &store->objects[i];
  }
  return NULL;
}

static void DropObject(struct MemoryStore* store, const char* key) {
  struct Entry* entry = FindObject(store, key);
  if (entry == NULL) return;
  free(entry->blob.data);
  memset(entry, 0, sizeof(*entry));
}

/* Takes the blob. */
static int32_t KeepObject(struct MemoryStore* store, const char* key, int32_t if_absent,
                          struct Blob blob, char** error) {
  if (if_absent && FindObject(store, key) != NULL) {
    free(blob.data);
    return Fail(error, PACKED_ALREADY_EXISTS, "an object stands there");
  }
  DropObject(store, key);
  struct Entry* entry = FindObject(store, "");
  snprintf(entry->key, sizeof(entry->key), "%s", key);
  entry->blob = blob;
  return PACKED_OK;
}

/* "upload-<index>" of an upload that is open for the key; NULL for every other name. */
static struct OpenUpload* FindUpload(struct MemoryStore* store, const char* key, const char* name) {
  int index = -1;
  if (sscanf(name, "upload-%d", &index) != 1 || index < 0 || index >= MAX_ENTRIES) return NULL;
  return strcmp(store->uploads[index].key, key) == 0 ? &store->uploads[index] : NULL;
}

static void DropUpload(struct OpenUpload* upload) {
  for (int i = 0; i < MAX_PARTS; ++i) free(upload->parts[i].data);
  memset(upload, 0, sizeof(*upload));
}

static int32_t StoreCreate(void* context, const char* key, int32_t if_absent, char** upload,
                           char** error) {
  struct MemoryStore* store = context;
  const int32_t code = Begin(store, "create", &store->creates, error);
  (void)if_absent;
  for (int i = 0; code == PACKED_OK && i < MAX_ENTRIES; ++i) {
    if (store->uploads[i].key[0] != '\0') continue;
    snprintf(store->uploads[i].key, sizeof(store->uploads[i].key), "%s", key);
    *upload = malloc(16);
    snprintf(*upload, 16, "upload-%d", i);
    break;
  }
  pthread_mutex_unlock(&store->mutex);
  return code;
}

static int32_t StorePart(void* context, const char* key, const char* upload, int32_t number,
                         const uint8_t* data, int64_t size, char** tag, char** error) {
  struct MemoryStore* store = context;
  int32_t code = Begin(store, "part", &store->parts, error);
  struct OpenUpload* open = FindUpload(store, key, upload);
  if (code == PACKED_OK && (open == NULL || number < 1 || number > MAX_PARTS)) {
    code = Fail(error, PACKED_NOT_FOUND, "no such upload");
  }
  if (code == PACKED_OK) {
    open->parts[number - 1] = CopyBlob(data, size);
    *tag = malloc(16);
    snprintf(*tag, 16, "tag-%d", number);
  }
  pthread_mutex_unlock(&store->mutex);
  return code;
}

/* All parts one after the other, where the tags are those that StorePart gave. */
static int32_t Assemble(const struct OpenUpload* open, const char* const* tags, int32_t num_tags,
                        struct Blob* whole, char** error) {
  for (int i = 0; i < num_tags; ++i) {
    char expected[16];
    snprintf(expected, sizeof(expected), "tag-%d", i + 1);
    if (open == NULL || strcmp(tags[i], expected) != 0 || open->parts[i].data == NULL) {
      return Fail(error, PACKED_INVALID_ARGUMENT, "no such part");
    }
    whole->data = realloc(whole->data, (size_t)(whole->size + open->parts[i].size));
    memcpy(whole->data + whole->size, open->parts[i].data, (size_t)open->parts[i].size);
    whole->size += open->parts[i].size;
  }
  return PACKED_OK;
}

static int32_t StoreComplete(void* context, const char* key, int32_t if_absent, const char* upload,
                             const char* const* tags, int32_t num_tags, char** error) {
  struct MemoryStore* store = context;
  int32_t code = Begin(store, "complete", &store->completes, error);
  struct OpenUpload* open = FindUpload(store, key, upload);
  struct Blob whole = {NULL, 0};
  if (code == PACKED_OK) code = Assemble(open, tags, num_tags, &whole, error);
  if (code == PACKED_OK) {
    code = KeepObject(store, key, if_absent, whole, error);
    if (code == PACKED_OK) DropUpload(open);
  } else {
    free(whole.data);
  }
  pthread_mutex_unlock(&store->mutex);
  return code;
}

static void StoreAbort(void* context, const char* key, const char* upload) {
  struct MemoryStore* store = context;
  Begin(store, "", &store->aborts, NULL);
  struct OpenUpload* open = FindUpload(store, key, upload);
  if (open != NULL) DropUpload(open);
  pthread_mutex_unlock(&store->mutex);
}

static int32_t StorePut(void* context, const char* key, int32_t if_absent, const uint8_t* data,
                        int64_t size, char** error) {
  struct MemoryStore* store = context;
  int32_t code = Begin(store, "put", &store->puts, error);
  if (code == PACKED_OK) code = KeepObject(store, key, if_absent, CopyBlob(data, size), error);
  pthread_mutex_unlock(&store->mutex);
  return code;
}

static int32_t StoreRemove(void* context, const char* key, char** error) {
  struct MemoryStore* store = context;
  const int32_t code = Begin(store, "remove", &store->removes, error);
  if (code == PACKED_OK) DropObject(store, key);
  pthread_mutex_unlock(&store->mutex);
  return code;
}

static void StoreRelease(void* context) {
  struct MemoryStore* store = context;
  Begin(store, "", &store->releases, NULL);
  pthread_mutex_unlock(&store->mutex);
}

static CUploader UploaderOf(struct MemoryStore* store) {
  const CUploader uploader = {store,      StoreCreate, StorePart,   StoreComplete,
                              StoreAbort, StorePut,    StoreRemove, StoreRelease};
  return uploader;
}

/* The count once it has reached `least`, or after five seconds. */
static int Await(struct MemoryStore* store, const int* count, int least) {
  int value = 0;
  for (int i = 0; i < 5000; ++i) {
    pthread_mutex_lock(&store->mutex);
    value = *count;
    pthread_mutex_unlock(&store->mutex);
    if (value >= least) break;
    const struct timespec pause = {0, 1000000};
    nanosleep(&pause, NULL);
  }
  return value;
}

static int CountObjects(const struct MemoryStore* store) {
  int count = 0;
  for (int i = 0; i < MAX_ENTRIES; ++i) count += store->objects[i].key[0] != '\0';
  return count;
}

static int CountUploads(const struct MemoryStore* store) {
  int count = 0;
  for (int i = 0; i < MAX_ENTRIES; ++i) count += store->uploads[i].key[0] != '\0';
  return count;
}

static void ResetStore(struct MemoryStore* store) {
  for (int i = 0; i < MAX_ENTRIES; ++i) {
    free(store->objects[i].blob.data);
    DropUpload(&store->uploads[i]);
  }
  memset(store, 0, sizeof(*store));
  pthread_mutex_init(&store->mutex, NULL);
}

#endif /* PACKED_TEST_C_API_MEMORY_STORE_H */
