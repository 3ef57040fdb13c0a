#include "record_stream.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "arrow/io/memory.h"
#include "arrow/ipc/reader.h"
#include "arrow/ipc/writer.h"
#include "arrow/util/compression.h"

#include "packed/error.h"
#include "rationed_pool.h"
#include "record_schema.h"

namespace packed {
namespace {

namespace ipc = arrow::ipc;
using arrow::Status;

/// The end of a stream, today and before Arrow 0.15.
constexpr uint8_t kEnd[] = {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0};
constexpr uint8_t kOldEnd[] = {0, 0, 0, 0};

/// What Arrow says of bytes that it cannot read; our own errors, and what is none of the bytes'
/// fault, as they are.
Status Damaged(const Status& status) {
  if (status.ok() || status.detail() || status.IsOutOfMemory()) return status;
  return MakeError(
      ErrorCode::kFileCorrupted,
      "Expected an Arrow IPC stream of one record but received a damaged one: " + status.message());
}

/// A stream may end with its last message, too.
bool IsEnd(std::span<const uint8_t> rest) {
  return rest.empty() || std::ranges::equal(rest, kEnd) || std::ranges::equal(rest, kOldEnd);
}

Status NotOne(const char* received) {
  return MakeError(
      ErrorCode::kInvalidData,
      std::string("Expected one record in an Arrow IPC stream but received ") + received);
}

/// Nothing but the end of the stream from `position` on.
Status CheckRest(const arrow::Buffer& stream, int64_t position,
                 ipc::RecordBatchStreamReader* reader) {
  const std::span<const uint8_t> rest(stream.data() + position,
                                      static_cast<size_t>(stream.size() - position));
  if (IsEnd(rest)) return Status::OK();
  std::shared_ptr<arrow::RecordBatch> second;
  ARROW_RETURN_NOT_OK(Damaged(reader->ReadNext(&second)));
  if (second) return NotOne("more than one");
  return Damaged(Status::Invalid("there are ", rest.size(), " more bytes behind the record"));
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::Buffer>> WriteRecordStream(
    const arrow::RecordBatch& batch, const std::optional<Codec>& buffers) {
  auto options = ipc::IpcWriteOptions::Defaults();
  options.memory_pool = RationedPool();
  options.use_threads = false;
  ARROW_ASSIGN_OR_RAISE(const auto schema, ipc::SerializeSchema(*batch.schema(), RationedPool()));
  int64_t bytes = schema->size() + static_cast<int64_t>(sizeof(kEnd));
  if (buffers) {
    const int level = buffers->level.value_or(arrow::util::kUseDefaultCompressionLevel);
    ARROW_ASSIGN_OR_RAISE(options.codec, arrow::util::Codec::Create(buffers->type, level));
  } else {
    int64_t body = 0;
    ARROW_RETURN_NOT_OK(ipc::GetRecordBatchSize(batch, options, &body));
    bytes += body;
  }
  ARROW_ASSIGN_OR_RAISE(auto sink, arrow::io::BufferOutputStream::Create(bytes, RationedPool()));
  ARROW_ASSIGN_OR_RAISE(auto writer, ipc::MakeStreamWriter(sink, batch.schema(), options));
  ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(batch));
  ARROW_RETURN_NOT_OK(writer->Close());
  return sink->Finish();
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> ReadRecordStream(
    const std::shared_ptr<arrow::Buffer>& stream, const std::shared_ptr<arrow::Schema>& schema,
    bool lenient) {
  auto options = ipc::IpcReadOptions::Defaults();
  options.memory_pool = RationedPool();
  options.use_threads = false;
  options.ensure_alignment = ipc::Alignment::kDataTypeSpecificAlignment;
  arrow::io::BufferReader input(stream);
  const auto opened = ipc::RecordBatchStreamReader::Open(&input, options);
  ARROW_RETURN_NOT_OK(Damaged(opened.status()));
  ipc::RecordBatchStreamReader& reader = **opened;
  ARROW_ASSIGN_OR_RAISE(const auto columns, MatchRecord(*reader.schema(), *schema, lenient));
  std::shared_ptr<arrow::RecordBatch> stored;
  ARROW_RETURN_NOT_OK(Damaged(reader.ReadNext(&stored)));
  if (!stored) return NotOne("none");
  ARROW_ASSIGN_OR_RAISE(const int64_t end, input.Tell());
  ARROW_RETURN_NOT_OK(CheckRest(*stream, end, &reader));
  auto batch = TakeColumns(*stored, columns, schema);
  ARROW_RETURN_NOT_OK(Damaged(batch->ValidateFull()));
  return batch;
}

}  // namespace packed
