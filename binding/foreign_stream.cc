#include "foreign_stream.h"

#include <string>

#include "arrow/c/bridge.h"

#include "field_spec.h"
#include "packed/error.h"

namespace packed::binding {

arrow::Result<std::shared_ptr<ForeignStream>> ForeignStream::Open(ArrowArrayStream* stream) {
  auto opened = std::make_shared<ForeignStream>();
  ArrowArrayStreamMove(stream, opened->stream_.get());
  OwnedSchema c_schema;
  ARROW_RETURN_NOT_OK(
      opened->Check(opened->stream_->get_schema(opened->stream_.get(), c_schema.get())));
  ARROW_ASSIGN_OR_RAISE(opened->schema_, ImportForeignSchema(*c_schema.get()));
  return opened;
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> ForeignStream::Next(
    const std::shared_ptr<arrow::Schema>& schema) {
  const std::lock_guard lock(reading_);
  OwnedArray c_array;
  ARROW_RETURN_NOT_OK(Check(stream_->get_next(stream_.get(), c_array.get())));
  if (c_array->release == nullptr) return nullptr;
  return arrow::ImportRecordBatch(c_array.get(), schema);
}

/// The producer answers with an errno and, where it likes, a message. Some answer just 1, so that
/// the number decides on no code.
arrow::Status ForeignStream::Check(int result) {
  if (result == 0) return arrow::Status::OK();
  const char* message = stream_->get_last_error(stream_.get());
  return MakeError(ErrorCode::kStorageIO,
                   "Expected a batch of a stream but its producer failed with " +
                       std::to_string(result) + ": " +
                       (message == nullptr ? "no message" : message));
}

}  // namespace packed::binding
