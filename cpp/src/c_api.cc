#include "packed/c_api.h"

#include <cstdlib>
#include <memory>
#include <mutex>
#include <utility>

#include "arrow/c/bridge.h"

#include "c_api_convert.h"
#include "c_api_handles.h"
#include "c_api_uploader.h"
#include "packed/error.h"
#include "packed/reader.h"
#include "packed/writer.h"

namespace packed {
namespace {

using arrow::Status;

struct WriterObject {
  std::mutex mutex;
  std::unique_ptr<PackedWriter> writer;
  Status failure;  // of the first write that failed
};

struct ReaderObject {
  std::mutex mutex;
  std::unique_ptr<PackedReader> reader;
};

// Leaked: another thread may be inside a call when the process exits.
auto& Writers() {
  static auto* table = new HandleTable<WriterObject, CPackedWriter>(17, "writer");
  return *table;
}
auto& Readers() {
  static auto* table = new HandleTable<ReaderObject, CPackedReader>(24, "reader");
  return *table;
}

arrow::Result<std::shared_ptr<arrow::Schema>> TakeSchema(struct ArrowSchema* schema) {
  auto imported = arrow::ImportSchema(schema);
  if (imported.ok()) return imported;
  return WithContext(imported.status(), ErrorCode::kInvalidSchema, {});
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> TakeBatch(
    struct ArrowArray* array, const std::shared_ptr<arrow::Schema>& schema) {
  auto imported = arrow::ImportRecordBatch(array, schema);
  if (imported.ok()) return imported;
  return WithContext(imported.status(), ErrorCode::kInvalidData, {});
}

StorageConfig WriterStorage(const CStorageConfig* config, int64_t part_upload_size) {
  StorageConfig storage = ToStorageConfig(config);
  if (part_upload_size > 0) storage.multipart_part_bytes = ToPartBytes(part_upload_size);
  return storage;
}

/// Where the files go and what of them goes where; `uploader` is null where none was given.
struct WriterTarget {
  const char* const* paths;
  int64_t num_paths;
  int64_t part_upload_size;
  const CColumnGroups* groups;
  const CStorageConfig* config;
  std::shared_ptr<Uploader> uploader;
};

arrow::Result<std::shared_ptr<WriterObject>> OpenWriter(struct ArrowSchema* schema,
                                                        WriterOptions options,
                                                        WriterTarget target) {
  ARROW_RETURN_NOT_OK(CheckNotNull(schema, "schema"));
  ARROW_RETURN_NOT_OK(CheckNotNull(target.groups, "groups"));
  ARROW_RETURN_NOT_OK(CheckNotNegative(options.buffer_bytes, "buffer_size"));
  ARROW_RETURN_NOT_OK(CheckNotNegative(target.part_upload_size, "part_upload_size"));
  const StorageConfig storage = WriterStorage(target.config, target.part_upload_size);
  if (target.uploader != nullptr && storage.storage_type == "local") {
    return MakeError(ErrorCode::kInvalidArgument,
                     "Expected an object store for storage_type but received 'local'");
  }
  ARROW_ASSIGN_OR_RAISE(auto path_list, ToPaths(target.paths, target.num_paths, storage));
  ARROW_ASSIGN_OR_RAISE(auto group_list, ToColumnGroups(*target.groups, std::move(path_list)));
  ARROW_ASSIGN_OR_RAISE(auto arrow_schema, TakeSchema(schema));
  ARROW_ASSIGN_OR_RAISE(auto store, FileStore::Make(storage, std::move(target.uploader)));
  auto object = std::make_shared<WriterObject>();
  ARROW_ASSIGN_OR_RAISE(object->writer,
                        PackedWriter::Open(std::move(arrow_schema), std::move(group_list),
                                           std::move(options), std::move(store)));
  return object;
}

/// Of the calls that know no options.
WriterOptions OptionsOfBuffer(int64_t buffer_size) {
  WriterOptions options;
  options.buffer_bytes = buffer_size;
  return options;
}

Status Write(PackedWriter& writer, struct ArrowArray* array, struct ArrowSchema* schema) {
  ARROW_RETURN_NOT_OK(CheckNotNull(array, "array"));
  std::shared_ptr<arrow::Schema> batch_schema = writer.schema();
  if (schema != nullptr) {
    ARROW_ASSIGN_OR_RAISE(batch_schema, TakeSchema(schema));
  }
  ARROW_ASSIGN_OR_RAISE(auto batch, TakeBatch(array, batch_schema));
  return writer.Write(batch);
}

arrow::Result<std::shared_ptr<ReaderObject>> OpenReader(const char* const* paths, int64_t num_paths,
                                                        struct ArrowSchema* schema,
                                                        int64_t buffer_size,
                                                        const CStorageConfig* config) {
  const StorageConfig storage = ToStorageConfig(config);
  ARROW_ASSIGN_OR_RAISE(auto path_list, ToPaths(paths, num_paths, storage));
  ReaderOptions options;
  options.buffer_bytes = buffer_size;
  // Without a schema what is stored is the answer; with one, its types say what is decoded.
  options.quantized = QuantizedForm::kRaw;
  if (schema != nullptr) {
    ARROW_ASSIGN_OR_RAISE(options.schema, TakeSchema(schema));
    options.quantized = QuantizedForm::kDecode;
  }
  ARROW_ASSIGN_OR_RAISE(auto store, FileStore::Make(storage));
  auto object = std::make_shared<ReaderObject>();
  ARROW_ASSIGN_OR_RAISE(object->reader, PackedReader::Open(std::move(path_list), std::move(options),
                                                           std::move(store)));
  return object;
}

}  // namespace
}  // namespace packed

using packed::Answer;
using packed::Consumed;

extern "C" {

void FreeCStatus(CStatus* status) {
  if (status == nullptr) return;
  std::free(std::exchange(status->error_msg, nullptr));
}

CStatus NewPackedWriter(struct ArrowSchema* schema, int64_t buffer_size, const char* const* paths,
                        int64_t num_paths, int64_t part_upload_size, const CColumnGroups* groups,
                        CPackedWriter* out) {
  return NewPackedWriterWithStorageConfig(schema, buffer_size, paths, num_paths, part_upload_size,
                                          groups, nullptr, out);
}

CStatus NewPackedWriterWithStorageConfig(struct ArrowSchema* schema, int64_t buffer_size,
                                         const char* const* paths, int64_t num_paths,
                                         int64_t part_upload_size, const CColumnGroups* groups,
                                         const CStorageConfig* config, CPackedWriter* out) {
  return Answer([&]() -> arrow::Status {
    Consumed<struct ArrowSchema> consumed(schema);
    ARROW_RETURN_NOT_OK(packed::CheckNotNull(out, "out"));
    *out = nullptr;
    ARROW_ASSIGN_OR_RAISE(
        auto object,
        packed::OpenWriter(schema, packed::OptionsOfBuffer(buffer_size),
                           {paths, num_paths, part_upload_size, groups, config, nullptr}));
    *out = packed::Writers().Add(std::move(object));
    return arrow::Status::OK();
  });
}

CStatus NewPackedWriterWithUploader(struct ArrowSchema* schema, int64_t buffer_size,
                                    const char* const* paths, int64_t num_paths,
                                    int64_t part_upload_size, const CColumnGroups* groups,
                                    const CStorageConfig* config, const CUploader* uploader,
                                    CPackedWriter* out) {
  return Answer([&]() -> arrow::Status {
    Consumed<struct ArrowSchema> consumed(schema);
    // First of all, so that it is released whatever is wrong with the rest.
    ARROW_ASSIGN_OR_RAISE(auto table, packed::MakeCUploader(uploader));
    ARROW_RETURN_NOT_OK(packed::CheckNotNull(out, "out"));
    *out = nullptr;
    ARROW_ASSIGN_OR_RAISE(
        auto object,
        packed::OpenWriter(schema, packed::OptionsOfBuffer(buffer_size),
                           {paths, num_paths, part_upload_size, groups, config, std::move(table)}));
    *out = packed::Writers().Add(std::move(object));
    return arrow::Status::OK();
  });
}

CStatus NewPackedWriterWithOptions(struct ArrowSchema* schema, const char* const* paths,
                                   int64_t num_paths, const CColumnGroups* groups,
                                   const CStorageConfig* config, const CUploader* uploader,
                                   const CWriterOptions* options, CPackedWriter* out) {
  return Answer([&]() -> arrow::Status {
    Consumed<struct ArrowSchema> consumed(schema);
    // First of all, so that it is released whatever is wrong with the rest.
    std::shared_ptr<packed::Uploader> table;
    if (uploader != nullptr) {
      ARROW_ASSIGN_OR_RAISE(table, packed::MakeCUploader(uploader));
    }
    ARROW_RETURN_NOT_OK(packed::CheckNotNull(out, "out"));
    *out = nullptr;
    ARROW_ASSIGN_OR_RAISE(auto writer_options, packed::ToWriterOptions(options));
    const int64_t part_bytes = options == nullptr ? 0 : options->part_upload_size;
    ARROW_ASSIGN_OR_RAISE(auto object, packed::OpenWriter(schema, std::move(writer_options),
                                                          {paths, num_paths, part_bytes, groups,
                                                           config, std::move(table)}));
    *out = packed::Writers().Add(std::move(object));
    return arrow::Status::OK();
  });
}

CStatus WriteRecordBatch(CPackedWriter writer, struct ArrowArray* array,
                         struct ArrowSchema* schema) {
  return Answer([&]() -> arrow::Status {
    Consumed<struct ArrowArray> consumed_array(array);
    Consumed<struct ArrowSchema> consumed_schema(schema);
    ARROW_ASSIGN_OR_RAISE(auto object, packed::Writers().Get(writer));
    std::lock_guard lock(object->mutex);
    ARROW_RETURN_NOT_OK(object->failure);
    object->failure =
        packed::CatchAll([&] { return packed::Write(*object->writer, array, schema); });
    if (!object->failure.ok()) object->writer->Abort();
    return object->failure;
  });
}

CStatus CloseWriter(CPackedWriter writer) {
  return Answer([&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(auto object, packed::Writers().Take(writer));
    std::lock_guard lock(object->mutex);
    ARROW_RETURN_NOT_OK(object->failure);
    // A call that found the handle before it was taken may still wait for the lock.
    object->failure = packed::MakeError(packed::ErrorCode::kClosed, "The writer is closed");
    return object->writer->Finish().status();
  });
}

CStatus NewPackedReader(const char* const* paths, int64_t num_paths, struct ArrowSchema* schema,
                        int64_t buffer_size, CPackedReader* out) {
  return NewPackedReaderWithStorageConfig(paths, num_paths, schema, buffer_size, nullptr, out);
}

CStatus NewPackedReaderWithStorageConfig(const char* const* paths, int64_t num_paths,
                                         struct ArrowSchema* schema, int64_t buffer_size,
                                         const CStorageConfig* config, CPackedReader* out) {
  return Answer([&]() -> arrow::Status {
    Consumed<struct ArrowSchema> consumed(schema);
    ARROW_RETURN_NOT_OK(packed::CheckNotNull(out, "out"));
    *out = nullptr;
    ARROW_ASSIGN_OR_RAISE(auto object,
                          packed::OpenReader(paths, num_paths, schema, buffer_size, config));
    *out = packed::Readers().Add(std::move(object));
    return arrow::Status::OK();
  });
}

CStatus ReadNext(CPackedReader reader, struct ArrowArray* out_array,
                 struct ArrowSchema* out_schema) {
  return Answer([&]() -> arrow::Status {
    ARROW_RETURN_NOT_OK(packed::CheckNotNull(out_array, "out_array"));
    *out_array = {};
    if (out_schema != nullptr) *out_schema = {};
    ARROW_ASSIGN_OR_RAISE(auto object, packed::Readers().Get(reader));
    std::lock_guard lock(object->mutex);
    ARROW_ASSIGN_OR_RAISE(auto batch, object->reader->ReadNext());
    if (batch == nullptr) return arrow::Status::OK();
    return arrow::ExportRecordBatch(*batch, out_array, out_schema);
  });
}

CStatus CloseReader(CPackedReader reader) {
  return Answer([&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(auto object, packed::Readers().Take(reader));
    std::lock_guard lock(object->mutex);
    object->reader->Close();
    return arrow::Status::OK();
  });
}

}  // extern "C"
