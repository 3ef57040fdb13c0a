#ifndef PACKED_C_API_H
#define PACKED_C_API_H

#include <stdint.h>

/*
 * The C boundary of the packed writer and reader: what libpacked.so exports, and no more.
 *
 * Errors. Every call answers a CStatus. Its error_code is one of PackedErrorCode, its
 * error_msg a text that the caller gives to FreeCStatus. No C++ exception leaves the library.
 *
 * Input structures. An ArrowArray or ArrowSchema that is passed in is consumed by the call,
 * whether it succeeds or fails: its content is moved out and released by the library, and its
 * `release` is NULL afterwards. The struct itself stays the caller's. Everything else that is
 * passed in (strings, path lists, column groups, configurations) is copied.
 *
 * Output structures. The caller provides the structs, which need not be initialised, and
 * releases what they are given. They stay valid after the reader is closed. After a failure
 * their `release` is NULL.
 *
 * Handles. A handle that was closed, or that was never one, is refused with PACKED_CLOSED; it
 * is not undefined behaviour. Calls on one handle may come from any thread and are run one
 * after another.
 */

#ifdef __cplusplus
extern "C" {
#endif

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};

#endif /* ARROW_C_DATA_INTERFACE */

#define PACKED_EXPORT __attribute__((visibility("default")))

/* The numbers never change their meaning. */
enum PackedErrorCode {
  PACKED_OK = 0,
  PACKED_INVALID_ARGUMENT = 1,
  PACKED_INVALID_SCHEMA = 2,
  PACKED_INVALID_DATA = 3,
  PACKED_TYPE_MISMATCH = 4,
  PACKED_UNSUPPORTED_TYPE = 5,
  PACKED_NOT_SUPPORTED = 6,
  PACKED_NOT_FOUND = 7,
  PACKED_ALREADY_EXISTS = 8,
  PACKED_PERMISSION_DENIED = 9,
  PACKED_NO_SPACE = 10,
  PACKED_STORAGE_IO = 11,
  PACKED_METADATA_CORRUPTED = 12,
  PACKED_FILE_CORRUPTED = 13,
  PACKED_FILE_CHANGED = 14,
  PACKED_CLOSED = 15,
  PACKED_ABORTED = 16,
  PACKED_DETACHED = 17,
  PACKED_OUT_OF_MEMORY = 18,
  PACKED_INTERNAL = 19,
  PACKED_ENCRYPTION = 20,
  PACKED_TIMEOUT = 21,
  PACKED_THROTTLED = 22,
  PACKED_NETWORK = 23,
  PACKED_CONFLICT = 24,
  PACKED_PRECONDITION_FAILED = 25,
  PACKED_RETRIES_EXHAUSTED = 26
};

typedef struct CStatus {
  int32_t error_code; /* PackedErrorCode */
  char* error_msg;    /* UTF-8 from malloc; NULL on success or where memory ran out */
} CStatus;

/* Free the message and set it to NULL. NULL, and a second call, do nothing. */
PACKED_EXPORT void FreeCStatus(CStatus* status);

/*
 * Where files live, in Milvus's terms. NULL and 0 take the default in brackets, so that a
 * zeroed struct means the local disk.
 */
typedef struct CStorageConfig {
  const char* storage_type; /* local | minio | remote [local] */
  const char* address;
  const char* bucket_name;
  const char* access_key_id;
  const char* access_key_value;
  const char* root_path;      /* local: where relative paths start [working directory];
                                 ignored otherwise: paths there are keys, with or without
                                 `bucket_name/` in front */
  const char* cloud_provider; /* [aws] */
  const char* iam_endpoint;
  const char* log_level; /* [warn] */
  const char* region;
  const char* ssl_ca_cert;
  const char* role_arn;
  const char* session_name;
  const char* external_id;
  const char* tls_min_version;
  const char* gcp_credential_json;
  int32_t use_ssl; /* the flags: 0 or not 0 */
  int32_t use_iam;
  int32_t use_virtual_host;
  int32_t load_frequency_s;       /* [900] */
  int64_t request_timeout_ms;     /* [10000] */
  uint32_t max_connections;       /* [100] */
  int64_t multipart_part_bytes;   /* [10 MiB, also where it is not within 5 MiB to 5 GiB] */
  const char* session_token;      /* of temporary credentials */
  int64_t retry_timeout_ms;       /* one operation with all its retries [60000] */
  int64_t upload_bytes_in_flight; /* [64 MiB] */
} CStorageConfig;

/*
 * Which columns go into which file: group i holds the columns
 * columns[offsets[i]] .. columns[offsets[i + 1] - 1], as positions in the schema and in the
 * order in which the file has them. Every column is in exactly one group.
 */
typedef struct CColumnGroups {
  int64_t num_groups;
  const int64_t* ids;     /* num_groups ids, or NULL: a group's id is its position */
  const int64_t* offsets; /* num_groups + 1 */
  const int32_t* columns;
} CColumnGroups;

/*
 * How objects are put into a store, in one piece or as parts. The functions are called on threads
 * of the library, several at a time, and may block; retries, time-outs and checksums are theirs,
 * and what they answer is final. They answer a PackedErrorCode, and on failure may set *error to a
 * text. Texts that they set (error, upload, tag) come from malloc and are freed by the library; all
 * are NULL before the call. What they are given is valid during the call.
 *
 * key        whole key in the bucket, UTF-8
 * if_absent  not 0: an object that stands at the key, or appears meanwhile, is kept:
 *            PACKED_ALREADY_EXISTS
 * upload     name that the store has given the upload
 */
typedef struct CUploader {
  void* context; /* handed to every function */

  /* Start an upload, and say its name. */
  int32_t (*create)(void* context, const char* key, int32_t if_absent, char** upload, char** error);

  /* Send part `number`, from 1, and say the tag of it that complete wants. */
  int32_t (*part)(void* context, const char* key, const char* upload, int32_t number,
                  const uint8_t* data, int64_t size, char** tag, char** error);

  /* Make the object of all parts, in their order. */
  int32_t (*complete)(void* context, const char* key, int32_t if_absent, const char* upload,
                      const char* const* tags, int32_t num_tags, char** error);

  /* Give up an upload with all its parts: now, or as soon as the store can be reached. Never called
   * while a part of it is on its way. */
  void (*abort)(void* context, const char* key, const char* upload);

  /* An object of one part or less; data is NULL where size is 0. */
  int32_t (*put)(void* context, const char* key, int32_t if_absent, const uint8_t* data,
                 int64_t size, char** error);

  /* Remove an object that this writer has put there. */
  int32_t (*remove)(void* context, const char* key, char** error);

  /* Nothing of the table is called any more; may be NULL. After CloseWriter of a writer that failed
   * it may take until its last part is answered. */
  void (*release)(void* context);
} CUploader;

typedef struct CPackedWriterHandle* CPackedWriter;
typedef struct CPackedReaderHandle* CPackedReader;

/*
 * Start one file per column group on the local disk.
 *
 * schema            every top-level field with a unique PARQUET:field_id; consumed
 * buffer_size       bound on copied and encoded bytes, 0 = 32 MiB
 * paths, num_paths  one path per group, in group order; a file that exists is an error
 * part_upload_size  bytes of one part of an upload, 0 = 10 MiB; local files have no parts
 * out               set to NULL on failure
 */
PACKED_EXPORT CStatus NewPackedWriter(struct ArrowSchema* schema, int64_t buffer_size,
                                      const char* const* paths, int64_t num_paths,
                                      int64_t part_upload_size, const CColumnGroups* groups,
                                      CPackedWriter* out);

/*
 * The same anywhere; config == NULL is the local disk. part_upload_size, where it is not 0,
 * overrides config->multipart_part_bytes.
 *
 * Objects are written by streams of Arrow. Of what NewPackedWriterWithUploader promises, they do
 * not keep this:
 *  - Parts have one size, so that 10,000 of them bound an object (10 MiB parts: 98 GiB).
 *  - Nothing bounds the bytes that are on their way.
 *  - Writing is not conditional: whether an object stands at a path is asked when the writer is
 *    opened, and one that appears later is replaced.
 *  - On Azure an empty object stands at the path while the writer is open.
 *  - Uploads of a process that dies, or whose store cannot be reached when they are given up, stay
 *    open: the bucket needs a rule that ends them.
 *  - Time-outs and retries are those of Arrow's client.
 */
PACKED_EXPORT CStatus NewPackedWriterWithStorageConfig(
    struct ArrowSchema* schema, int64_t buffer_size, const char* const* paths, int64_t num_paths,
    int64_t part_upload_size, const CColumnGroups* groups, const CStorageConfig* config,
    CPackedWriter* out);

/*
 * The same for an object store that is written through `uploader`, which is copied. config is
 * needed for bucket_name, upload_bytes_in_flight and the size of parts; its addresses and
 * credentials are not used.
 *
 *  - Parts are sent while rows are written, as soon as they are full. After 1,000 they grow, so
 *    that 10,000 of them reach 5 TiB. Files of one part or less are put whole, by CloseWriter.
 *  - upload_bytes_in_flight bounds what is on its way (one part is always allowed): beyond it
 *    WriteRecordBatch waits.
 *  - No object appears before CloseWriter, and then all do or none does: one that was put there
 *    before another failed is removed again.
 *  - Every upload is completed or given up, whatever fails.
 *
 * After a call that is refused `release` has been called, too.
 */
PACKED_EXPORT CStatus NewPackedWriterWithUploader(struct ArrowSchema* schema, int64_t buffer_size,
                                                  const char* const* paths, int64_t num_paths,
                                                  int64_t part_upload_size,
                                                  const CColumnGroups* groups,
                                                  const CStorageConfig* config,
                                                  const CUploader* uploader, CPackedWriter* out);

/*
 * How files are written. NULL and 0 take the default in brackets, so that a zeroed struct means
 * what NewPackedWriter does.
 */
typedef struct CWriterOptions {
  const char* layout;        /* milvus | fast | small [milvus] */
  int32_t compression_level; /* of ZSTD, 1 to 22 [milvus: 3, fast: 1, small: 9] */
  int32_t concurrency;       /* threads that encode at once [as many as there are cores] */
  int64_t row_group_bytes;   /* decoded Arrow bytes of a row group
                                [milvus: 1 MiB, fast: 64 MiB, small: 128 MiB] */
  int64_t buffer_size;       /* bound on copied and encoded bytes
                                [milvus: 32 MiB, fast: 128 MiB, small: 256 MiB] */
  int64_t part_upload_size;  /* as in NewPackedWriter */
} CWriterOptions;

/*
 * The same with options; options == NULL is as good as a zeroed struct. `config` and `uploader` are
 * as above, and either may be NULL: without an uploader objects are written by streams of Arrow.
 */
PACKED_EXPORT CStatus NewPackedWriterWithOptions(struct ArrowSchema* schema,
                                                 const char* const* paths, int64_t num_paths,
                                                 const CColumnGroups* groups,
                                                 const CStorageConfig* config,
                                                 const CUploader* uploader,
                                                 const CWriterOptions* options, CPackedWriter* out);

/*
 * Add the rows of a struct array. When the call returns, `array` has been released and no
 * memory of it is referenced any more. schema == NULL means the writer's own, otherwise it is
 * consumed as well. A failure (array == NULL is one) spoils the writer: later writes repeat it.
 */
PACKED_EXPORT CStatus WriteRecordBatch(CPackedWriter writer, struct ArrowArray* array,
                                       struct ArrowSchema* schema);

/*
 * Write what is left, publish every file, and free the handle, whatever the answer. Either all
 * files appear or none does.
 *
 * After a failed write this removes everything that was written and answers that failure
 * again. It is also the way to drop a writer on purpose: WriteRecordBatch(writer, NULL, NULL),
 * then CloseWriter.
 */
PACKED_EXPORT CStatus CloseWriter(CPackedWriter writer);

/*
 * Open the files of one set of column groups on the local disk.
 *
 * schema       the columns wanted, in order, matched by PARQUET:field_id, else by name; consumed.
 *              NULL = the files' own columns. Fields that no file has are read as nulls.
 * buffer_size  decoded bytes held ahead of the caller, 0 = 64 MiB, negative = no bound
 * out          set to NULL on failure
 */
PACKED_EXPORT CStatus NewPackedReader(const char* const* paths, int64_t num_paths,
                                      struct ArrowSchema* schema, int64_t buffer_size,
                                      CPackedReader* out);

/* The same anywhere; config == NULL is the local disk. */
PACKED_EXPORT CStatus NewPackedReaderWithStorageConfig(const char* const* paths, int64_t num_paths,
                                                       struct ArrowSchema* schema,
                                                       int64_t buffer_size,
                                                       const CStorageConfig* config,
                                                       CPackedReader* out);

/*
 * The next rows as a struct array and, where out_schema is not NULL, their schema. At the end
 * the call succeeds and both have release == NULL, again and again.
 */
PACKED_EXPORT CStatus ReadNext(CPackedReader reader, struct ArrowArray* out_array,
                               struct ArrowSchema* out_schema);

/* Stop reading ahead and free the handle. Arrays that were read stay valid. */
PACKED_EXPORT CStatus CloseReader(CPackedReader reader);

#ifdef __cplusplus
}
#endif

#endif /* PACKED_C_API_H */
