/*
 * Rows for c_api_test.c, as ArrowArray and ArrowSchema built by hand. Everything hangs off
 * private_data and dies in release.
 */
#ifndef PACKED_TEST_C_API_ROWS_H
#define PACKED_TEST_C_API_ROWS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packed/c_api.h"

#define DIM 4
#define MAX_COLUMNS 3

static int live_structs = 0; /* made here and not yet released */

struct Owned {
  void* blocks[64];
  int count;
};

static void* Keep(struct Owned* owned, size_t bytes) {
  void* block = calloc(1, bytes ? bytes : 1);
  owned->blocks[owned->count++] = block;
  return block;
}

static void FreeOwned(void* private_data) {
  struct Owned* owned = private_data;
  for (int i = 0; i < owned->count; ++i) free(owned->blocks[i]);
  free(owned);
  --live_structs;
}

static void ReleaseSchema(struct ArrowSchema* schema) {
  for (int64_t i = 0; i < schema->n_children; ++i) {
    if (schema->children[i]->release) schema->children[i]->release(schema->children[i]);
  }
  schema->release = NULL;
  if (schema->private_data) FreeOwned(schema->private_data);
}

static void ReleaseArray(struct ArrowArray* array) {
  for (int64_t i = 0; i < array->n_children; ++i) {
    if (array->children[i]->release) array->children[i]->release(array->children[i]);
  }
  array->release = NULL;
  if (array->private_data) FreeOwned(array->private_data);
}

static struct Owned* NewOwned(void) {
  ++live_structs;
  return calloc(1, sizeof(struct Owned));
}

/* One pair, "PARQUET:field_id" -> id, in the C Data Interface's own encoding. */
static const char* FieldId(struct Owned* owned, const char* id) {
  const char* key = "PARQUET:field_id";
  int32_t pairs = 1, key_bytes = (int32_t)strlen(key), id_bytes = (int32_t)strlen(id);
  char* text = Keep(owned, 12 + key_bytes + id_bytes);
  memcpy(text, &pairs, 4);
  memcpy(text + 4, &key_bytes, 4);
  memcpy(text + 8, key, key_bytes);
  memcpy(text + 8 + key_bytes, &id_bytes, 4);
  memcpy(text + 12 + key_bytes, id, id_bytes);
  return text;
}

struct Column {
  const char* format;
  const char* name;
  const char* id;
  int64_t flags;
};

static const struct Column kId = {"l", "id", "100", 0};
static const struct Column kTitle = {"u", "title", "101", ARROW_FLAG_NULLABLE};
static const struct Column kVector = {"w:16", "vector", "102", 0};
static const struct Column kAbsent = {"g", "absent", "103", ARROW_FLAG_NULLABLE};

static void MakeSchema(struct ArrowSchema* out, const struct Column* columns, int count) {
  struct Owned* owned = NewOwned();
  memset(out, 0, sizeof(*out));
  out->format = "+s";
  out->name = "";
  out->n_children = count;
  out->children = Keep(owned, count * sizeof(*out->children));
  for (int i = 0; i < count; ++i) {
    struct ArrowSchema* child = out->children[i] = Keep(owned, sizeof(*child));
    child->format = columns[i].format;
    child->name = columns[i].name;
    child->metadata = columns[i].id ? FieldId(owned, columns[i].id) : NULL;
    child->flags = columns[i].flags;
    child->release = ReleaseSchema;
  }
  out->release = ReleaseSchema;
  out->private_data = owned;
}

static void MakeFullSchema(struct ArrowSchema* out) {
  const struct Column columns[MAX_COLUMNS] = {kId, kTitle, kVector};
  MakeSchema(out, columns, MAX_COLUMNS);
}

static struct ArrowArray* AddChild(struct ArrowArray* parent, struct Owned* owned, int buffers) {
  struct ArrowArray* child = Keep(owned, sizeof(*child));
  child->length = parent->length;
  child->n_buffers = buffers;
  child->buffers = Keep(owned, buffers * sizeof(void*));
  child->release = ReleaseArray;
  parent->children[parent->n_children++] = child;
  return child;
}

/* Row r: id = r, title = "t<r>" or null where r % 7 == 0, vector = {r, r + 1, r + 2, r + 3}. */
static void MakeRows(struct ArrowArray* out, int64_t first, int64_t rows) {
  struct Owned* owned = NewOwned();
  memset(out, 0, sizeof(*out));
  out->length = rows;
  out->n_buffers = 1;
  out->buffers = Keep(owned, sizeof(void*));
  out->children = Keep(owned, MAX_COLUMNS * sizeof(*out->children));

  struct ArrowArray* id = AddChild(out, owned, 2);
  struct ArrowArray* title = AddChild(out, owned, 3);
  struct ArrowArray* vector = AddChild(out, owned, 2);
  int64_t* ids = Keep(owned, rows * sizeof(int64_t));
  uint8_t* valid = Keep(owned, (rows + 7) / 8);
  int32_t* offsets = Keep(owned, (rows + 1) * sizeof(int32_t));
  char* text = Keep(owned, rows * 24);
  float* values = Keep(owned, rows * DIM * sizeof(float));
  for (int64_t i = 0; i < rows; ++i) {
    int64_t row = first + i;
    ids[i] = row;
    offsets[i + 1] = offsets[i];
    if (row % 7 == 0) {
      ++title->null_count;
    } else {
      valid[i / 8] |= (uint8_t)(1u << (i % 8));
      offsets[i + 1] += sprintf(text + offsets[i], "t%lld", (long long)row);
    }
    for (int d = 0; d < DIM; ++d) values[i * DIM + d] = (float)(row + d);
  }
  id->buffers[1] = ids;
  title->buffers[0] = valid;
  title->buffers[1] = offsets;
  title->buffers[2] = text;
  vector->buffers[1] = values;
  out->release = ReleaseArray;
  out->private_data = owned;
}

#endif /* PACKED_TEST_C_API_ROWS_H */
