#include "group_writer.h"

#include <utility>

#include "arrow/array.h"
#include "arrow/chunked_array.h"
#include "arrow/util/key_value_metadata.h"
#include "parquet/metadata.h"

#include "catch.h"
#include "dense_vector.h"
#include "packed/error.h"
#include "packed/memory.h"
#include "parquet_properties.h"
#include "stored_type.h"

namespace packed {

using arrow::Result;
using arrow::Status;

namespace {

/// Parquet numbers the row groups of an encrypted file with 16 bits.
constexpr size_t kMostEncryptedRowGroups = 32767;

int64_t BytesOf(int64_t bits) { return (bits + 7) / 8; }

std::shared_ptr<const arrow::KeyValueMetadata> FooterKeys(
    const GroupFieldIds& field_ids, const WriterOptions& options,
    const std::vector<RowGroupRecord>& row_groups) {
  auto keys = std::make_shared<arrow::KeyValueMetadata>();
  keys->Append(std::string(kGroupFieldIdListKey), SerializeGroupFieldIds(field_ids));
  for (const auto& [key, value] : options.user_metadata) keys->Append(key, value);
  keys->Append(std::string(kRowGroupMetadataKey), SerializeRowGroupRecords(row_groups));
  keys->Append(std::string(kStorageVersionKey), std::string(kStorageVersion));
  return keys;
}

ErrorCode FallbackCode(const Status& status) {
  if (status.IsInvalid() || status.IsCapacityError()) return ErrorCode::kInvalidData;
  if (status.IsNotImplemented()) return ErrorCode::kUnsupportedType;
  return ErrorCode::kStorageIO;
}

}  // namespace

GroupWriter::GroupWriter(const GroupPlan& plan, const WriterOptions& options,
                         WriterCounters* counters)
    : plan_(plan),
      cancel_(options.cancel),
      counters_(counters),
      encrypted_(options.encryption.has_value()),
      null_counts_(plan.columns.size(), 0) {
  for (const auto& column : plan.columns) {
    trailing_bits_ += TrailingOffsetBits(*column.stored->type());
  }
  row_group_bits_ = 8 * options.row_group_bytes - trailing_bits_;
}

GroupWriter::~GroupWriter() { Discard(); }

Result<std::unique_ptr<GroupWriter>> GroupWriter::Open(const GroupPlan& plan,
                                                       const WriterOptions& options,
                                                       FileStore& store, WriterCounters* counters) {
  std::unique_ptr<GroupWriter> writer(new GroupWriter(plan, options, counters));
  ARROW_RETURN_NOT_OK(writer->Explain(CatchAll([&] { return writer->Start(options, store); })));
  return writer;
}

Status GroupWriter::Start(const WriterOptions& options, FileStore& store) {
  ARROW_ASSIGN_OR_RAISE(auto properties,
                        MakeWriterProperties(plan_, options.compatibility, options.encryption));
  ARROW_ASSIGN_OR_RAISE(file_, store.Create(plan_.path, options.if_exists));
  sink_ = std::make_shared<CountingSink>(file_->stream(), &counters_->bytes_out);
  ARROW_ASSIGN_OR_RAISE(parquet_, parquet::arrow::FileWriter::Open(*plan_.StoredSchema(), Pool(),
                                                                   sink_, std::move(properties),
                                                                   MakeArrowWriterProperties()));
  return Status::OK();
}

Status GroupWriter::Accept(const arrow::RecordBatch& batch) {
  std::vector<std::shared_ptr<arrow::ArrayData>> columns;
  std::vector<RowSizer::Column> sized;
  for (size_t i = 0; i < plan_.columns.size(); ++i) {
    const ColumnPlan& column = plan_.columns[i];
    columns.push_back(batch.column_data(column.index));
    sized.push_back({columns.back().get(), column.declared.get(), column.vector_bytes()});
    null_counts_[i] += batch.column(column.index)->ComputeLogicalNullCount();
  }
  incoming_.emplace(Incoming{std::move(columns), RowSizer(sized), 0, batch.num_rows()});
  counters_->bytes_in.fetch_add(BytesOf(incoming_->bits()), std::memory_order_relaxed);

  while (true) {
    const int64_t missing = row_group_bits_ - pending_.bits();
    const int64_t end = incoming_->sizer.ShortestRun(incoming_->begin, incoming_->end, missing);
    if (end < 0) return Status::OK();
    ARROW_RETURN_NOT_OK(WriteRowGroup(end));
  }
}

int64_t GroupWriter::unwritten_bytes() const {
  return BytesOf(pending_.bits() + (incoming_ ? incoming_->bits() : 0));
}

Status GroupWriter::Settle(bool flush) {
  if (flush) {
    ARROW_RETURN_NOT_OK(WriteRowGroup(incoming_ ? incoming_->end : 0));
  } else if (incoming_ && incoming_->begin < incoming_->end) {
    ARROW_RETURN_NOT_OK(Explain(CatchAll([this] { return CopyRest(); })));
  }
  incoming_.reset();
  return Status::OK();
}

Status GroupWriter::CopyRest() {
  std::vector<std::shared_ptr<arrow::ArrayData>> slices;
  for (size_t i = 0; i < plan_.columns.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto slice, StoredSlice(i, incoming_->begin, incoming_->end));
    slices.push_back(std::move(slice));
  }
  const int64_t before = pending_.bits();
  ARROW_RETURN_NOT_OK(pending_.Append(slices, incoming_->bits()));
  CountBuffered(before);
  return Status::OK();
}

Result<std::shared_ptr<arrow::ArrayData>> GroupWriter::StoredSlice(size_t column, int64_t begin,
                                                                   int64_t end) const {
  const ColumnPlan& plan = plan_.columns[column];
  auto slice = incoming_->columns[column]->Slice(begin, end - begin);
  if (!plan.dense_vector) return ToStored(slice, plan.stored->type());
  ARROW_ASSIGN_OR_RAISE(auto plain, ToStored(slice, StoredType(plan.declared->type())));
  return ToDenseVectors(plain, plan.stored->type());
}

Status GroupWriter::CheckRowGroupLimit() const {
  if (!encrypted_ || row_groups_.size() < kMostEncryptedRowGroups) return Status::OK();
  return MakeError(ErrorCode::kInvalidData, "Expected at most " +
                                                std::to_string(kMostEncryptedRowGroups) +
                                                " row groups for an encrypted file but received "
                                                "rows for one more; raise the row group bytes");
}

Status GroupWriter::WriteRowGroup(int64_t end) {
  const int64_t begin = incoming_ ? incoming_->begin : end;
  const int64_t rows = pending_.rows() + end - begin;
  if (rows == 0) return Status::OK();
  const int64_t bits = pending_.bits() + (incoming_ ? incoming_->sizer.Bits(begin, end) : 0);
  ARROW_RETURN_NOT_OK(cancel_.Check());
  ARROW_RETURN_NOT_OK(Explain(CheckRowGroupLimit()));
  ARROW_RETURN_NOT_OK(Explain(CatchAll([this] { return parquet_->NewRowGroup(); })));
  for (size_t i = 0; i < plan_.columns.size(); ++i) {
    ARROW_RETURN_NOT_OK(cancel_.Check());
    ARROW_RETURN_NOT_OK(Explain(CatchAll([&] { return WriteColumn(i, begin, end); }),
                                plan_.columns[i].declared->name()));
  }
  row_groups_.push_back({static_cast<uint64_t>(BytesOf(bits + trailing_bits_)), rows, rows_});
  rows_ += rows;
  counters_->row_groups.fetch_add(1, std::memory_order_relaxed);
  const int64_t before = pending_.bits();
  pending_.Clear();
  CountBuffered(before);
  if (incoming_) incoming_->begin = end;
  return Status::OK();
}

Status GroupWriter::WriteColumn(size_t column, int64_t begin, int64_t end) {
  auto chunks = pending_.Chunks(static_cast<int>(column));
  if (begin < end) {
    ARROW_ASSIGN_OR_RAISE(auto slice, StoredSlice(column, begin, end));
    chunks.push_back(arrow::MakeArray(slice));
  }
  return parquet_->WriteColumnChunk(std::make_shared<arrow::ChunkedArray>(
      std::move(chunks), plan_.columns[column].stored->type()));
}

Result<GroupResult> GroupWriter::Finish(const GroupFieldIds& field_ids,
                                        const WriterOptions& options) {
  ARROW_RETURN_NOT_OK(WriteRowGroup(0));
  ARROW_RETURN_NOT_OK(cancel_.Check());
  ARROW_RETURN_NOT_OK(Explain(CatchAll([&]() -> Status {
    ARROW_RETURN_NOT_OK(parquet_->AddKeyValueMetadata(FooterKeys(field_ids, options, row_groups_)));
    ARROW_RETURN_NOT_OK(parquet_->Close());
    return file_->Seal(options.fsync);
  })));

  GroupResult result;
  result.id = plan_.id;
  result.path = plan_.path;
  result.rows = rows_;
  ARROW_ASSIGN_OR_RAISE(result.file_bytes, sink_->Tell());
  result.footer_bytes = sink_->FooterBytes();
  result.row_groups = static_cast<int32_t>(row_groups_.size());
  for (int i = 0; i < result.row_groups; ++i) {
    result.compressed_bytes += parquet_->metadata()->RowGroup(i)->total_compressed_size();
    result.uncompressed_bytes += static_cast<int64_t>(row_groups_[i].memory_bytes);
  }
  for (size_t i = 0; i < plan_.columns.size(); ++i) {
    result.null_counts.emplace_back(plan_.columns[i].declared->name(), null_counts_[i]);
  }
  sink_->Mute();
  parquet_.reset();
  return result;
}

Status GroupWriter::Publish() { return Explain(file_->Publish()); }

Status GroupWriter::Unpublish() { return Explain(file_->Unpublish()); }

void GroupWriter::Discard() noexcept {
  const int64_t before = pending_.bits();
  incoming_.reset();
  pending_.Clear();
  CountBuffered(before);
  if (sink_ != nullptr) sink_->Mute();
  parquet_.reset();
  if (file_ != nullptr) file_->Discard();
  file_.reset();
}

void GroupWriter::CountBuffered(int64_t bits_before) {
  counters_->buffered_bytes.fetch_add(BytesOf(pending_.bits()) - BytesOf(bits_before),
                                      std::memory_order_relaxed);
}

Status GroupWriter::Explain(const Status& status, const std::string& field) const {
  if (status.ok()) return status;
  return WithContext(status, FallbackCode(status), {plan_.path, field});
}

}  // namespace packed
