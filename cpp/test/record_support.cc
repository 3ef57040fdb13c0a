#include "record_support.h"

#include <new>
#include <random>
#include <utility>

#include "arrow/io/memory.h"
#include "arrow/ipc/writer.h"
#include "arrow/util/compression.h"

#include "packed/memory.h"

namespace packed::test {

std::shared_ptr<arrow::Schema> DocumentSchema() {
  return arrow::schema({IdField(100, "id", arrow::int64()),
                        IdField(101, "title", arrow::utf8(), true),
                        IdField(102, "v", arrow::fixed_size_binary(16)),
                        IdField(103, "flag", arrow::boolean(), true),
                        IdField(104, "parts", arrow::list(arrow::fixed_size_binary(4)))});
}

std::shared_ptr<arrow::RecordBatch> Documents(int64_t rows) {
  std::mt19937 random(20261122);
  const auto schema = DocumentSchema();
  auto builder = arrow::RecordBatchBuilder::Make(schema, Pool(), rows).ValueOrDie();
  auto* parts = builder->GetFieldAs<arrow::ListBuilder>(4);
  auto* part = static_cast<arrow::FixedSizeBinaryBuilder*>(parts->value_builder());
  for (int64_t row = 0; row < rows; ++row) {
    std::string vector(16, ' ');
    for (char& byte : vector) byte = static_cast<char>(random());
    bool ok = builder->GetFieldAs<arrow::Int64Builder>(0)->Append(row).ok();
    auto* title = builder->GetFieldAs<arrow::StringBuilder>(1);
    ok &= (row % 5 == 4 ? title->AppendNull() : title->Append("title " + std::to_string(row))).ok();
    ok &= builder->GetFieldAs<arrow::FixedSizeBinaryBuilder>(2)->Append(vector).ok();
    auto* flag = builder->GetFieldAs<arrow::BooleanBuilder>(3);
    ok &= (row % 7 == 3 ? flag->AppendNull() : flag->Append(row % 2 == 0)).ok();
    ok &= parts->Append().ok();
    for (int64_t i = 0; i < row % 3; ++i) ok &= part->Append(vector.substr(0, 4)).ok();
    if (!ok) throw std::bad_alloc();
  }
  return builder->Flush().ValueOrDie();
}

Bytes Serialize(const std::shared_ptr<arrow::RecordBatch>& batch, const RecordEncoding& encoding) {
  return SerializeRecord(batch, encoding).ValueOrDie();
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> Deserialize(
    const Bytes& bytes, const RecordDecoding& decoding,
    const std::shared_ptr<arrow::Schema>& schema) {
  return DeserializeRecord(*bytes, schema, decoding);
}

Bytes StreamOf(const std::shared_ptr<arrow::Schema>& schema,
               const arrow::RecordBatchVector& batches,
               const arrow::ipc::IpcWriteOptions& options) {
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto writer = arrow::ipc::MakeStreamWriter(sink, schema, options).ValueOrDie();
  for (const auto& batch : batches) EXPECT_TRUE(writer->WriteRecordBatch(*batch).ok());
  EXPECT_TRUE(writer->Close().ok());
  return sink->Finish().ValueOrDie();
}

Bytes Plain(const std::shared_ptr<arrow::RecordBatch>& batch) {
  return StreamOf(batch->schema(), {batch});
}

Bytes Text(std::string text) { return arrow::Buffer::FromString(std::move(text)); }

Bytes StreamedFrame(const Bytes& content) {
  const auto codec = arrow::util::Codec::Create(arrow::Compression::ZSTD).ValueOrDie();
  const auto compressor = codec->MakeCompressor().ValueOrDie();
  const int64_t room = codec->MaxCompressedLen(content->size(), content->data());
  auto frame = arrow::AllocateResizableBuffer(room).ValueOrDie();
  const auto step =
      compressor->Compress(content->size(), content->data(), room, frame->mutable_data())
          .ValueOrDie();
  EXPECT_EQ(step.bytes_read, content->size());
  const auto end =
      compressor->End(room - step.bytes_written, frame->mutable_data() + step.bytes_written)
          .ValueOrDie();
  EXPECT_TRUE(frame->Resize(step.bytes_written + end.bytes_written).ok());
  return Bytes(std::move(frame));
}

}  // namespace packed::test
