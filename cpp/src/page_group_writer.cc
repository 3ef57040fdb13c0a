#include "page_group_writer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "arrow/array.h"

#include "catch.h"
#include "packed/executor.h"

namespace packed {

using arrow::Result;
using arrow::Status;

PageGroupWriter::PageGroupWriter(const GroupPlan& plan, const WriterOptions& options,
                                 WriterCounters* counters)
    : plan_(plan),
      cancel_(options.cancel),
      concurrency_(options.concurrency),
      tries_(std::any_of(
          plan.columns.begin(), plan.columns.end(),
          [](const auto& column) { return column.sampled && !column.choices.empty(); })),
      counters_(counters),
      file_(plan) {}

PageGroupWriter::~PageGroupWriter() {
  incoming_.reset();
  for (auto& encoder : encoders_) encoder.Discard();
  open_bits_ = 0;
  CountBuffered();
  file_.Discard();
}

Result<std::unique_ptr<GroupWriter>> PageGroupWriter::Open(const GroupPlan& plan,
                                                           const WriterOptions& options,
                                                           FileStore& store,
                                                           WriterCounters* counters) {
  std::unique_ptr<PageGroupWriter> writer(new PageGroupWriter(plan, options, counters));
  ARROW_RETURN_NOT_OK(
      writer->file_.Explain(CatchAll([&] { return writer->Start(options, store); })));
  return writer;
}

Status PageGroupWriter::Start(const WriterOptions& options, FileStore& store) {
  ARROW_ASSIGN_OR_RAISE(properties_, MakePropertiesByEncoding(plan_, options.compatibility));
  ARROW_RETURN_NOT_OK(file_.Create(store, options.if_exists, &counters_->bytes_out));
  ARROW_ASSIGN_OR_RAISE(chunks_, ChunkFile::Start(file_.sink(), *plan_.StoredSchema(),
                                                  properties_.at(ColumnEncoding::kDictionary)));
  MakeEncoders();
  return Status::OK();
}

void PageGroupWriter::MakeEncoders() {
  std::vector<int64_t> alignments;
  int leaf = 0;
  const parquet::SchemaDescriptor& schema = chunks_->schema();
  for (size_t i = 0; i < plan_.columns.size(); ++i) {
    const ColumnPlan& column = plan_.columns[i];
    const auto& node = schema.group_node()->field(static_cast<int>(i));
    encoders_.emplace_back(column, node->is_primitive() ? schema.Column(leaf) : nullptr,
                           properties_);
    alignments.push_back(column.page_alignment);
    while (leaf < schema.num_columns() && schema.GetColumnRoot(leaf) == node.get()) ++leaf;
  }
  sequence_ =
      std::make_unique<PartSequence>(chunks_.get(), std::move(alignments), &counters_->row_groups);
}

Status PageGroupWriter::Accept(const arrow::RecordBatch& batch, WriteTasks* tasks) {
  incoming_.emplace(plan_, batch);
  file_.CountNulls(batch);
  counters_->bytes_in.fetch_add(BytesOfBits(incoming_->bits()), std::memory_order_relaxed);
  while (true) {
    const int64_t missing = FullRowGroupBits(plan_) - open_bits_;
    const int64_t end = incoming_->sizer.ShortestRun(incoming_->begin, incoming_->end, missing);
    if (end < 0) break;
    ARROW_RETURN_NOT_OK(TakeRows(end, true, tasks));
  }
  return TakeRows(incoming_->end, false, tasks);
}

Status PageGroupWriter::TakeRows(int64_t end, bool closing, WriteTasks* tasks) {
  const int64_t begin = incoming_ ? incoming_->begin : end;
  if (begin == end && !closing) return Status::OK();
  open_rows_ += end - begin;
  if (begin < end) open_bits_ += incoming_->sizer.Bits(begin, end);
  std::vector<std::vector<EncodeJob>> jobs(encoders_.size());
  // Trials are work for many threads; whatever else there is to do here is less than waking them.
  ARROW_RETURN_NOT_OK(
      ParallelFor(static_cast<int>(jobs.size()), tries_ ? concurrency_ : 1, [&](int i) {
        return file_.Explain(CatchAll([&] { return TakeColumn(i, end, closing, &jobs[i]); }),
                             plan_.columns[i].declared->name());
      }));
  for (size_t i = 0; i < jobs.size(); ++i) {
    for (auto& job : jobs[i]) tasks->push_back(MakeTask(i, std::move(job)));
  }
  if (incoming_) incoming_->begin = end;
  if (closing) CloseRowGroup(tasks);
  return Status::OK();
}

Status PageGroupWriter::TakeColumn(size_t column, int64_t end, bool closing,
                                   std::vector<EncodeJob>* jobs) {
  std::shared_ptr<arrow::Array> rows;
  if (incoming_ && incoming_->begin < end) {
    ARROW_ASSIGN_OR_RAISE(const auto slice, incoming_->Stored(column, end));
    rows = arrow::MakeArray(slice);
  }
  return encoders_[column].Take(rows, closing, jobs);
}

WriteTask PageGroupWriter::MakeTask(size_t column, EncodeJob job) {
  PartSequence::Slot* slot = sequence_->Add(column);
  const auto [cost, output_bytes] = std::pair(job.cost, job.output_bytes);
  return {cost, output_bytes, [this, column, slot, run = std::move(job.run)]() -> Status {
            ARROW_RETURN_NOT_OK(cancel_.Check());
            auto part = CatchAll(run);
            if (!part.ok()) {
              return file_.Explain(part.status(), plan_.columns[column].declared->name());
            }
            return file_.Explain(sequence_->Deliver(slot, *std::move(part)));
          }};
}

void PageGroupWriter::CloseRowGroup(WriteTasks* tasks) {
  sequence_->CloseRowGroup(open_rows_);
  // The last page may have been written before, and then no task is left that would go on.
  tasks->push_back({0, 0, [this] { return file_.Explain(sequence_->Advance()); }, true});
  file_.AddRowGroup(open_rows_, open_bits_ + TrailingBits(plan_));
  open_rows_ = 0;
  open_bits_ = 0;
}

int64_t PageGroupWriter::unwritten_bytes() const {
  if (!plan_.streams()) return BytesOfBits(open_bits_);
  return encoders_[0].waiting_rows() * plan_.columns[0].vector_bytes();
}

Status PageGroupWriter::Flush(WriteTasks* tasks) {
  if (open_rows_ == 0) return Status::OK();
  return TakeRows(incoming_ ? incoming_->end : 0, true, tasks);
}

Status PageGroupWriter::Keep() {
  for (size_t i = 0; i < encoders_.size(); ++i) {
    ARROW_RETURN_NOT_OK(file_.Explain(CatchAll([&] { return encoders_[i].Keep(open_bits_); }),
                                      plan_.columns[i].declared->name()));
  }
  ARROW_RETURN_NOT_OK(file_.Explain(CatchAll([&] { return sequence_->Keep(); })));
  incoming_.reset();
  CountBuffered();
  return Status::OK();
}

Result<GroupResult> PageGroupWriter::Finish(const GroupFieldIds& field_ids,
                                            const WriterOptions& options) {
  ARROW_RETURN_NOT_OK(cancel_.Check());
  std::shared_ptr<parquet::FileMetaData> metadata;
  ARROW_RETURN_NOT_OK(file_.Explain(CatchAll([&]() -> Status {
    return chunks_->Finish(file_.FooterKeys(field_ids, options)).Value(&metadata);
  })));
  return file_.Seal(*metadata, options.fsync);
}

Status PageGroupWriter::Publish() { return file_.Publish(); }

Status PageGroupWriter::Unpublish() { return file_.Unpublish(); }

void PageGroupWriter::CountBuffered() {
  const int64_t bytes = open_bits_ == 0 ? 0 : unwritten_bytes();
  counters_->buffered_bytes.fetch_add(bytes - buffered_bytes_, std::memory_order_relaxed);
  buffered_bytes_ = bytes;
}

}  // namespace packed
