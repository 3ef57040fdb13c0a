#include <memory>
#include <optional>
#include <utility>

#include "arrow/c/bridge.h"

#include "batch_export.h"
#include "batch_import.h"
#include "call.h"
#include "give_bytes.h"
#include "handle_kinds.h"
#include "lend_batch.h"
#include "lend_bytes.h"
#include "operation.h"
#include "packed/record.h"
#include "values.h"
#include "writer_options.h"

namespace packed::binding {
namespace {

/// A record on its way: C data until the pool takes it over.
struct PendingRecord {
  std::shared_ptr<arrow::Schema> schema;
  OwnedArray array;
};

/// NativeRecordEncoding of lib/native/addon-files.ts.
arrow::Result<RecordEncoding> ReadEncoding(Napi::Object object) {
  RecordEncoding encoding;
  ARROW_ASSIGN_OR_RAISE(const bool buffers, ReadMember<bool>(object, "buffers"));
  if (buffers) encoding.place = RecordEncoding::Place::kBuffers;
  ARROW_ASSIGN_OR_RAISE(auto codec, ReadMember<Napi::Object>(object, "compression"));
  ARROW_ASSIGN_OR_RAISE(encoding.codec, ReadCodec(codec));
  // The other LZ4 is Parquet's.
  if (buffers && encoding.codec.type == arrow::Compression::LZ4) {
    encoding.codec.type = arrow::Compression::LZ4_FRAME;
  }
  return encoding;
}

/// NativeRecordDecoding of lib/native/addon-files.ts.
arrow::Result<RecordDecoding> ReadDecoding(Napi::Object object) {
  RecordDecoding decoding;
  ARROW_ASSIGN_OR_RAISE(decoding.max_bytes, ReadMember<int64_t>(object, "maxBytes"));
  ARROW_ASSIGN_OR_RAISE(decoding.lenient, ReadMember<bool>(object, "lenient"));
  return decoding;
}

}  // namespace

CallResult RecordSerialize(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(auto schema, FromHandle<arrow::Schema>(call[0]));
  ARROW_ASSIGN_OR_RAISE(auto flat, Read<Napi::Object>(call[1], "batch"));
  ARROW_ASSIGN_OR_RAISE(auto options, Read<Napi::Object>(call[2], "options"));
  ARROW_ASSIGN_OR_RAISE(const auto token, FromHandle<CancelToken>(call[3]));
  ARROW_ASSIGN_OR_RAISE(const RecordEncoding encoding, ReadEncoding(options));
  ARROW_ASSIGN_OR_RAISE(ImportedBatch imported,
                        ImportFlatBatch(call.environment(), flat, *schema, /*copy=*/false));
  auto settle = [memory = std::move(imported.memory)](
                    Environment& environment,
                    const std::shared_ptr<arrow::Buffer>& bytes) -> CallResult {
    ARROW_RETURN_NOT_OK(memory->CheckAttached());
    return GiveBytes(environment, bytes);
  };
  auto execute = [record = PendingRecord{std::move(schema), std::move(imported.array)}, encoding,
                  cancel = *token]() mutable -> arrow::Result<std::shared_ptr<arrow::Buffer>> {
    ARROW_ASSIGN_OR_RAISE(auto batch, arrow::ImportRecordBatch(record.array.get(), record.schema));
    return SerializeRecord(std::move(batch), encoding, cancel);
  };
  ARROW_RETURN_NOT_OK(Start(call.environment(), call[4],
                            MakeOperation(*token, std::move(execute), std::move(settle))));
  return call.env().Undefined();
}

CallResult RecordDeserialize(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(auto schema, FromHandle<arrow::Schema>(call[0]));
  auto memory = std::make_shared<BorrowedMemory>(call.environment().shared_from_this());
  ARROW_ASSIGN_OR_RAISE(const ByteView bytes, LendBytes(call[1], "bytes", memory.get()));
  ARROW_ASSIGN_OR_RAISE(auto options, Read<Napi::Object>(call[2], "options"));
  ARROW_ASSIGN_OR_RAISE(const RecordDecoding decoding, ReadDecoding(options));
  ARROW_ASSIGN_OR_RAISE(const ReadPolicy policy, ReadReadPolicy(call[3]));
  ARROW_ASSIGN_OR_RAISE(const auto token, FromHandle<CancelToken>(call[4]));
  auto settle = [memory = std::move(memory), lend = LendNext{policy}](
                    Environment& environment, std::optional<OutgoingBatch> batch) -> CallResult {
    ARROW_RETURN_NOT_OK(memory->CheckAttached());
    return lend(environment, std::move(batch));
  };
  auto execute = [schema = std::move(schema), bytes, decoding,
                  cancel = *token]() -> arrow::Result<std::optional<OutgoingBatch>> {
    const arrow::Buffer stream(bytes.data(), static_cast<int64_t>(bytes.size()));
    ARROW_ASSIGN_OR_RAISE(const auto batch, DeserializeRecord(stream, schema, decoding, cancel));
    return LayOutNext(batch);
  };
  ARROW_RETURN_NOT_OK(Start(call.environment(), call[5],
                            MakeOperation(*token, std::move(execute), std::move(settle))));
  return call.env().Undefined();
}

}  // namespace packed::binding
