#include "stock_group_writer.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "arrow/array.h"
#include "arrow/chunked_array.h"
#include "parquet/arrow/schema.h"
#include "parquet/metadata.h"

#include "catch.h"
#include "column_form.h"
#include "packed/error.h"
#include "packed/memory.h"
#include "page_cut.h"
#include "parquet_properties.h"

namespace packed {

using arrow::Result;
using arrow::Status;

namespace {

/// Parquet numbers the row groups of an encrypted file with 16 bits.
constexpr size_t kMostEncryptedRowGroups = 32767;

/// Layout fast chooses at a glance, and by the row group: not here.
bool IsTried(const ColumnPlan& column) { return column.sampled && !column.choices.empty(); }

}  // namespace

StockGroupWriter::StockGroupWriter(const GroupPlan& plan, const WriterOptions& options,
                                   WriterCounters* counters)
    : plan_(plan),
      cancel_(options.cancel),
      counters_(counters),
      encrypted_(options.encryption.has_value()),
      compatibility_(options.compatibility),
      encryption_(options.encryption),
      file_(plan),
      meter_(plan.columns.size()) {}

StockGroupWriter::~StockGroupWriter() { Drop(); }

Result<std::unique_ptr<GroupWriter>> StockGroupWriter::Open(const GroupPlan& plan,
                                                            const WriterOptions& options,
                                                            FileStore& store,
                                                            WriterCounters* counters) {
  std::unique_ptr<StockGroupWriter> writer(new StockGroupWriter(plan, options, counters));
  ARROW_RETURN_NOT_OK(
      writer->file_.Explain(CatchAll([&] { return writer->Start(options, store); })));
  return writer;
}

Status StockGroupWriter::Start(const WriterOptions& options, FileStore& store) {
  // Asked for first, as it checks the columns.
  ARROW_RETURN_NOT_OK(MakeWriterProperties(plan_, compatibility_));
  ARROW_RETURN_NOT_OK(file_.Create(store, options.if_exists, &counters_->bytes_out));
  const bool waits = std::any_of(plan_.columns.begin(), plan_.columns.end(), IsTried);
  return waits ? Status::OK() : OpenParquet(0);
}

Status StockGroupWriter::OpenParquet(int64_t end) {
  ARROW_ASSIGN_OR_RAISE(const auto plan, ChooseEncodings(end));
  ARROW_ASSIGN_OR_RAISE(auto properties, MakeWriterProperties(plan, compatibility_, encryption_));
  ARROW_ASSIGN_OR_RAISE(parquet_, parquet::arrow::FileWriter::Open(
                                      *plan.StoredSchema(), Pool(), file_.sink(),
                                      std::move(properties), MakeArrowWriterProperties()));
  encryption_.reset();
  return Status::OK();
}

Result<GroupPlan> StockGroupWriter::ChooseEncodings(int64_t end) const {
  GroupPlan chosen = plan_;
  if (std::none_of(plan_.columns.begin(), plan_.columns.end(), IsTried)) return chosen;
  ARROW_ASSIGN_OR_RAISE(const auto properties, MakePropertiesByEncoding(plan_, compatibility_));
  std::shared_ptr<parquet::SchemaDescriptor> leaves;
  ARROW_RETURN_NOT_OK(parquet::arrow::ToParquetSchema(plan_.StoredSchema().get(),
                                                      *properties.begin()->second,
                                                      *MakeArrowWriterProperties(), &leaves));
  for (size_t i = 0; i < chosen.columns.size(); ++i) {
    const ColumnPlan& column = plan_.columns[i];
    if (!IsTried(column)) continue;
    ARROW_RETURN_NOT_OK(cancel_.Check());
    ARROW_ASSIGN_OR_RAISE(const auto rows, RowsUpTo(i, end));
    const SampledColumn sampled{column, LeafOf(*leaves, i), properties};
    ARROW_ASSIGN_OR_RAISE(const auto form,
                          ChooseForm(sampled, SliceRows(rows, 0, column.sample_rows)));
    chosen.columns[i].encoding = form.encoding;
  }
  return chosen;
}

Result<arrow::ArrayVector> StockGroupWriter::RowsUpTo(size_t column, int64_t end) const {
  auto chunks = pending_.Chunks(static_cast<int>(column));
  if (incoming_ && incoming_->begin < end) {
    ARROW_ASSIGN_OR_RAISE(auto slice, incoming_->Stored(column, end));
    chunks.push_back(arrow::MakeArray(slice));
  }
  return chunks;
}

Status StockGroupWriter::Accept(const arrow::RecordBatch& batch, WriteTasks* /*tasks*/) {
  incoming_.emplace(plan_, batch);
  file_.CountNulls(batch);
  counters_->bytes_in.fetch_add(BytesOfBits(incoming_->bits()), std::memory_order_relaxed);
  while (true) {
    const int64_t missing = FullRowGroupBits(plan_) - pending_.bits();
    const int64_t end = incoming_->sizer.ShortestRun(incoming_->begin, incoming_->end, missing);
    if (end < 0) return Status::OK();
    ARROW_RETURN_NOT_OK(WriteRowGroup(end));
  }
}

int64_t StockGroupWriter::unwritten_bytes() const {
  return BytesOfBits(pending_.bits() + (incoming_ ? incoming_->bits() : 0));
}

Status StockGroupWriter::Flush(WriteTasks* /*tasks*/) {
  return WriteRowGroup(incoming_ ? incoming_->end : 0);
}

Status StockGroupWriter::Keep() {
  Status status;
  if (incoming_ && incoming_->rows() > 0) {
    status = file_.Explain(CatchAll([this] { return CopyRest(); }));
  }
  incoming_.reset();
  return status;
}

Status StockGroupWriter::CopyRest() {
  std::vector<std::shared_ptr<arrow::ArrayData>> slices;
  for (size_t i = 0; i < plan_.columns.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto slice, incoming_->Stored(i, incoming_->end));
    slices.push_back(std::move(slice));
  }
  const int64_t before = pending_.bits();
  ARROW_RETURN_NOT_OK(pending_.Append(slices, incoming_->bits()));
  CountBuffered(before);
  return Status::OK();
}

Status StockGroupWriter::CheckRowGroupLimit() const {
  if (!encrypted_ || file_.row_groups() < kMostEncryptedRowGroups) return Status::OK();
  return MakeError(ErrorCode::kInvalidData, "Expected at most " +
                                                std::to_string(kMostEncryptedRowGroups) +
                                                " row groups for an encrypted file but received "
                                                "rows for one more; raise the row group bytes");
}

Status StockGroupWriter::WriteRowGroup(int64_t end) {
  const int64_t begin = incoming_ ? incoming_->begin : end;
  const int64_t rows = pending_.rows() + end - begin;
  if (rows == 0) return Status::OK();
  const int64_t bits = pending_.bits() + (incoming_ ? incoming_->sizer.Bits(begin, end) : 0);
  ARROW_RETURN_NOT_OK(cancel_.Check());
  ARROW_RETURN_NOT_OK(file_.Explain(CheckRowGroupLimit()));
  ARROW_RETURN_NOT_OK(file_.Explain(CatchAll([&]() -> Status {
    if (parquet_ == nullptr) ARROW_RETURN_NOT_OK(OpenParquet(end));
    return parquet_->NewRowGroup();
  })));
  for (size_t i = 0; i < plan_.columns.size(); ++i) {
    ARROW_RETURN_NOT_OK(cancel_.Check());
    ARROW_RETURN_NOT_OK(file_.Explain(CatchAll([&] { return WriteColumn(i, end); }),
                                      plan_.columns[i].declared->name()));
  }
  file_.AddRowGroup(rows, bits + TrailingBits(plan_));
  counters_->row_groups.fetch_add(1, std::memory_order_relaxed);
  const int64_t before = pending_.bits();
  pending_.Clear();
  CountBuffered(before);
  if (incoming_) incoming_->begin = end;
  return Status::OK();
}

Status StockGroupWriter::WriteColumn(size_t column, int64_t end) {
  ARROW_ASSIGN_OR_RAISE(auto chunks, RowsUpTo(column, end));
  const auto rows = std::make_shared<arrow::ChunkedArray>(std::move(chunks),
                                                          plan_.columns[column].stored->type());
  return meter_.Time(column, [&] { return parquet_->WriteColumnChunk(rows); });
}

Result<GroupResult> StockGroupWriter::Finish(const GroupFieldIds& field_ids,
                                             const WriterOptions& options) {
  ARROW_RETURN_NOT_OK(cancel_.Check());
  ARROW_RETURN_NOT_OK(file_.Explain(CatchAll([&]() -> Status {
    if (parquet_ == nullptr) ARROW_RETURN_NOT_OK(OpenParquet(0));  // no row came
    ARROW_RETURN_NOT_OK(parquet_->AddKeyValueMetadata(file_.FooterKeys(field_ids, options)));
    ARROW_RETURN_NOT_OK(parquet_->Close());
    meter_.Count(*parquet_->metadata());
    return Status::OK();
  })));
  ARROW_ASSIGN_OR_RAISE(auto result, file_.Seal(*parquet_->metadata(), options.fsync));
  parquet_.reset();
  return result;
}

Status StockGroupWriter::Publish() { return file_.Publish(); }

Status StockGroupWriter::Unpublish() { return file_.Unpublish(); }

void StockGroupWriter::Drop() noexcept {
  const int64_t before = pending_.bits();
  incoming_.reset();
  pending_.Clear();
  CountBuffered(before);
  file_.Mute();  // Parquet's writer writes a footer even when it is merely destroyed
  parquet_.reset();
  file_.Discard();
}

void StockGroupWriter::CountBuffered(int64_t bits_before) {
  counters_->buffered_bytes.fetch_add(BytesOfBits(pending_.bits()) - BytesOfBits(bits_before),
                                      std::memory_order_relaxed);
}

}  // namespace packed
