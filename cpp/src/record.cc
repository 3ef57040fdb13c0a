#include "packed/record.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include "arrow/util/compression.h"

#include "batch_check.h"
#include "catch.h"
#include "codec_check.h"
#include "packed/error.h"
#include "packed/memory.h"
#include "rationed_pool.h"
#include "record_frame.h"
#include "record_stream.h"

namespace packed {
namespace {

using arrow::Compression;
using Place = RecordEncoding::Place;

constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max() / 2;

arrow::Status CheckSchema(const arrow::Schema* schema) {
  if (schema != nullptr && schema->num_fields() > 0) return arrow::Status::OK();
  return MakeError(ErrorCode::kInvalidSchema,
                   "Expected a schema with fields for a record but received none");
}

arrow::Status CheckEncoding(const RecordEncoding& encoding) {
  const Compression::type type = encoding.codec.type;
  const bool buffers = encoding.place == Place::kBuffers;
  if (type != Compression::ZSTD && !(buffers && type == Compression::LZ4_FRAME)) {
    return MakeError(ErrorCode::kInvalidArgument, std::string("Expected codec zstd") +
                                                      (buffers ? " or lz4" : "") +
                                                      " for a record but received " +
                                                      arrow::util::Codec::GetCodecAsString(type));
  }
  return CheckLevel(encoding.codec, "a record");
}

/// Arrow answers NotImplemented for types, Invalid and CapacityError for values.
ErrorCode FallbackCode(const arrow::Status& status) {
  return status.IsNotImplemented() ? ErrorCode::kUnsupportedType : ErrorCode::kInvalidData;
}

/// The stream inside of `bytes`, in memory of its own.
arrow::Result<std::shared_ptr<arrow::Buffer>> StreamOf(const arrow::Buffer& bytes,
                                                       int64_t max_bytes,
                                                       const CancelToken& cancel) {
  if (IsZstdFrame(bytes)) return OpenZstdFrame(bytes, max_bytes, cancel);
  if (bytes.size() > max_bytes) {
    return MakeError(ErrorCode::kInvalidData, "Expected at most " + std::to_string(max_bytes) +
                                                  " bytes for a record but received " +
                                                  std::to_string(bytes.size()));
  }
  return bytes.CopySlice(0, bytes.size(), Pool());
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::Buffer>> SerializeRecord(
    std::shared_ptr<arrow::RecordBatch> batch, const RecordEncoding& encoding,
    const CancelToken& cancel) {
  auto made = CatchAll([&]() -> arrow::Result<std::shared_ptr<arrow::Buffer>> {
    ARROW_RETURN_NOT_OK(CheckEncoding(encoding));
    ARROW_RETURN_NOT_OK(CheckSchema(batch->schema().get()));
    ARROW_RETURN_NOT_OK(cancel.Check());
    ARROW_RETURN_NOT_OK(CheckBatch(*batch->schema(), *batch));
    const Ration ration(kNoLimit, cancel);
    const bool frame = encoding.place == Place::kFrame;
    const Codec codec{encoding.codec.type, EffectiveLevel(encoding.codec)};
    ARROW_ASSIGN_OR_RAISE(
        auto stream, WriteRecordStream(*batch, frame ? std::nullopt : std::optional<Codec>(codec)));
    batch.reset();
    if (!frame) return stream;
    return MakeZstdFrame(*stream, *codec.level, cancel);
  });
  if (made.ok()) return made;
  return WithContext(made.status(), FallbackCode(made.status()), {});
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> DeserializeRecord(
    const arrow::Buffer& bytes, const std::shared_ptr<arrow::Schema>& schema,
    const RecordDecoding& decoding, const CancelToken& cancel) {
  auto read = CatchAll([&]() -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
    ARROW_RETURN_NOT_OK(CheckSchema(schema.get()));
    ARROW_RETURN_NOT_OK(cancel.Check());
    const int64_t max_bytes = std::min(decoding.max_bytes, kNoLimit);
    ARROW_ASSIGN_OR_RAISE(const auto stream, StreamOf(bytes, max_bytes, cancel));
    const Ration ration(max_bytes, cancel);
    ARROW_ASSIGN_OR_RAISE(auto batch, ReadRecordStream(stream, schema, decoding.lenient));
    ARROW_RETURN_NOT_OK(CheckNulls(*batch));
    return batch;
  });
  if (read.ok()) return read;
  return WithContext(read.status(), ErrorCode::kFileCorrupted, {});
}

}  // namespace packed
