#include "packed/writer.h"

#include <algorithm>
#include <utility>

#include "batch_check.h"
#include "catch.h"
#include "group_writer.h"
#include "incoming_rows.h"
#include "packed/error.h"
#include "packed/executor.h"
#include "page_plan.h"
#include "quantizer.h"
#include "write_order.h"
#include "write_plan.h"

namespace packed {

using arrow::Result;
using arrow::Status;

namespace {

/// Decoded bytes of a batch that are encoded together: tasks enough for every thread, while what
/// they make and cannot write yet stays small.
constexpr int64_t kStepBytes = int64_t{64} << 20;

int64_t UnwrittenBound(const WriterOptions& options, size_t groups) {
  const int64_t least =
      static_cast<int64_t>(groups) * std::min(options.row_group_bytes, kLeastGroupBytes);
  return std::max(BufferBytes(options), least);
}

/// What part of the buffer codes and scales may take that are not encoded yet.
constexpr int64_t kQuantizedShare = 4;

/// Counts what a batch of codes and scales takes for as long as it is there.
class QuantizedBytes {
 public:
  QuantizedBytes(WriterCounters* counters, int64_t bytes) : counters_(counters), bytes_(bytes) {
    counters_->buffered_bytes.fetch_add(bytes_, std::memory_order_relaxed);
  }
  ~QuantizedBytes() { counters_->buffered_bytes.fetch_sub(bytes_, std::memory_order_relaxed); }
  QuantizedBytes(const QuantizedBytes&) = delete;
  QuantizedBytes& operator=(const QuantizedBytes&) = delete;

 private:
  WriterCounters* counters_;
  int64_t bytes_;
};

}  // namespace

class PackedWriter::Impl {
 public:
  Impl(WritePlan plan, std::unique_ptr<Quantizer> quantizer, WriterOptions options)
      : plan_(std::move(plan)), quantizer_(std::move(quantizer)), options_(std::move(options)) {}

  Status OpenGroups(FileStore& store) {
    for (const auto& group : plan_.groups) {
      ARROW_ASSIGN_OR_RAISE(auto writer, GroupWriter::Open(group, options_, store, &counters_));
      groups_.push_back(std::move(writer));
    }
    options_.encryption.reset();  // wipes the key: every file has its own now
    return Status::OK();
  }

  Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) {
    ARROW_RETURN_NOT_OK(CheckOpen());
    if (options_.cancel.cancelled()) return Fail(options_.cancel.Check());
    if (batch == nullptr) return Status::OK();
    ARROW_RETURN_NOT_OK(CatchAll([&] { return Check(*batch); }));
    const int64_t rows = batch->num_rows();
    if (rows == 0) return Status::OK();
    ARROW_RETURN_NOT_OK(Fail(quantizer_ ? TakeQuantized(*batch) : Take(*batch, true)));
    counters_.rows.fetch_add(rows, std::memory_order_relaxed);
    return Status::OK();
  }

  Result<std::vector<GroupResult>> Finish() {
    ARROW_RETURN_NOT_OK(CheckOpen());
    std::vector<GroupResult> results(groups_.size());
    ARROW_RETURN_NOT_OK(
        Fail(RunStep([&](int i, WriteTasks* tasks) { return groups_[i]->Flush(tasks); })));
    quantization_ = quantizer_ ? quantizer_->Describe() : options_.quantization;
    if (!quantization_.empty()) {
      options_.user_metadata.emplace_back(kQuantizationKey, quantization_);
    }
    ARROW_RETURN_NOT_OK(Fail(ForEachGroup([&](int i) -> Status {
      return groups_[i]->Finish(plan_.field_ids, options_).Value(&results[i]);
    })));
    ARROW_RETURN_NOT_OK(Fail(PublishAll()));
    Close("it is finished");
    return results;
  }

  void Abort() noexcept {
    if (open_) Close("it was aborted");
  }

  WriterProgress progress() const {
    return {counters_.rows.load(std::memory_order_relaxed),
            counters_.bytes_in.load(std::memory_order_relaxed),
            counters_.bytes_out.load(std::memory_order_relaxed),
            counters_.buffered_bytes.load(std::memory_order_relaxed),
            counters_.row_groups.load(std::memory_order_relaxed)};
  }

  const std::shared_ptr<arrow::Schema>& schema() const {
    return quantizer_ ? quantizer_->input() : plan_.schema;
  }
  const std::string& quantization() const { return quantization_; }

 private:
  /// All that can be wrong with a batch: after it, a failure is not the batch's.
  Status Check(const arrow::RecordBatch& batch) const {
    const int threads = options_.concurrency;
    if (!quantizer_) return CheckBatch(plan_, batch, threads);
    ARROW_RETURN_NOT_OK(quantizer_->CheckShape(batch));
    ARROW_RETURN_NOT_OK(
        CheckColumns(plan_, quantizer_->Unchanged(batch), batch.num_rows(), threads));
    return quantizer_->CheckNumbers(batch, QuantizedRows(), options_.cancel, threads);
  }

  /// Rows that are quantized at a time.
  int64_t QuantizedRows() const {
    const int64_t bytes = BufferBytes(options_) / kQuantizedShare;
    return std::max<int64_t>(1, bytes / quantizer_->row_bytes());
  }

  Status TakeQuantized(const arrow::RecordBatch& batch) {
    const int64_t rows = batch.num_rows();
    const int64_t step = QuantizedRows();
    for (int64_t begin = 0; begin < rows; begin += step) {
      const auto part = batch.Slice(begin, step);
      const QuantizedBytes counted(&counters_, part->num_rows() * quantizer_->row_bytes());
      std::shared_ptr<arrow::RecordBatch> stored;
      ARROW_RETURN_NOT_OK(CatchAll([&] {
        return quantizer_->Apply(*part, options_.cancel, options_.concurrency).Value(&stored);
      }));
      ARROW_RETURN_NOT_OK(Take(*stored, begin + step >= rows));
      quantizer_->Accept();
    }
    return Status::OK();
  }

  Status CheckOpen() const {
    if (open_) return Status::OK();
    return MakeError(ErrorCode::kClosed,
                     std::string("Expected an open writer but ") + closed_because_);
  }

  Status ForEachGroup(const std::function<Status(int)>& task) {
    return ParallelFor(static_cast<int>(groups_.size()), options_.concurrency,
                       [&](int i) { return CatchAll([&] { return task(i); }); });
  }

  /// Every group's part of a step, then the tasks of all of them in one queue.
  Status RunStep(const std::function<Status(int, WriteTasks*)>& step) {
    std::vector<WriteTasks> of_groups(groups_.size());
    ARROW_RETURN_NOT_OK(ForEachGroup([&](int i) { return step(i, &of_groups[i]); }));
    WriteTasks tasks = InOrderOfUrgency(std::move(of_groups), ThreadsFor(options_.concurrency));
    return ParallelFor(static_cast<int>(tasks.size()), options_.concurrency,
                       [&](int i) { return CatchAll(std::exchange(tasks[i].run, nullptr)); });
  }

  /// `ends`: these are the last rows of the batch that was written.
  Status Take(const arrow::RecordBatch& batch, bool ends) {
    const int64_t rows = batch.num_rows();
    const int64_t step = RowsPerStep(batch);
    for (int64_t begin = 0; begin < rows; begin += step) {
      const bool last = ends && begin + step >= rows;
      ARROW_RETURN_NOT_OK(TakeStep(*batch.Slice(begin, step), last));
    }
    return Status::OK();
  }

  Status TakeStep(const arrow::RecordBatch& rows, bool last) {
    ARROW_RETURN_NOT_OK(
        RunStep([&](int i, WriteTasks* tasks) { return groups_[i]->Accept(rows, tasks); }));
    if (last) {
      const auto flush = ChooseFlushes();
      ARROW_RETURN_NOT_OK(RunStep([&](int i, WriteTasks* tasks) {
        return flush[i] ? groups_[i]->Flush(tasks) : Status::OK();
      }));
    }
    return ForEachGroup([&](int i) { return groups_[i]->Keep(); });
  }

  int64_t RowsPerStep(const arrow::RecordBatch& batch) const {
    int64_t bits = 0;
    for (const auto& group : plan_.groups) bits += IncomingRows(group, batch).bits();
    const int64_t steps = bits / (8 * kStepBytes) + 1;
    return (batch.num_rows() + steps - 1) / steps;
  }

  /// Largest groups first until the others fit. Decided between the parallel steps, so that
  /// the files do not depend on the number of threads.
  std::vector<bool> ChooseFlushes() const {
    std::vector<int64_t> bytes;
    int64_t total = 0;
    for (const auto& group : groups_) {
      bytes.push_back(group->unwritten_bytes());
      total += bytes.back();
    }
    std::vector<bool> flush(groups_.size(), false);
    const int64_t bound = UnwrittenBound(options_, groups_.size());
    while (total > bound) {
      const auto largest = std::max_element(bytes.begin(), bytes.end());
      flush[std::distance(bytes.begin(), largest)] = true;
      total -= *largest;
      *largest = 0;
    }
    return flush;
  }

  Status PublishAll() {
    for (size_t i = 0; i < groups_.size(); ++i) {
      Status status = options_.cancel.Check();
      if (status.ok()) status = groups_[i]->Publish();
      if (status.ok()) continue;
      // What cannot be taken back is left to its owner; the first failure is the one to report.
      while (i > 0) static_cast<void>(groups_[--i]->Unpublish());
      return status;
    }
    return Status::OK();
  }

  /// After a failure nothing of the writer's work stays behind.
  Status Fail(const Status& status) {
    if (!status.ok()) Close("an earlier call failed");
    return status;
  }

  void Close(const char* because) noexcept {
    open_ = false;
    closed_because_ = because;
    groups_.clear();
  }

  const WritePlan plan_;
  const std::unique_ptr<Quantizer> quantizer_;  ///< null where nothing is quantized
  std::string quantization_;
  WriterOptions options_;
  WriterCounters counters_;
  std::vector<std::unique_ptr<GroupWriter>> groups_;
  bool open_ = true;
  const char* closed_because_ = "";
};

PackedWriter::PackedWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

PackedWriter::~PackedWriter() = default;

Result<std::unique_ptr<PackedWriter>> PackedWriter::Open(std::shared_ptr<arrow::Schema> schema,
                                                         std::vector<ColumnGroup> groups,
                                                         WriterOptions options,
                                                         std::shared_ptr<FileStore> store) {
  return CatchAll([&]() -> Result<std::unique_ptr<PackedWriter>> {
    if (store == nullptr) {
      return MakeError(ErrorCode::kInvalidArgument, "Expected a file store but received null");
    }
    std::unique_ptr<Quantizer> quantizer;
    if (!options.quantize.empty()) {
      ARROW_ASSIGN_OR_RAISE(quantizer, Quantizer::Make(schema, options.quantize));
    }
    ARROW_ASSIGN_OR_RAISE(auto plan,
                          MakeWritePlan(quantizer ? quantizer->stored() : schema, groups, options));
    ARROW_RETURN_NOT_OK(options.cancel.Check());
    auto impl = std::make_unique<Impl>(std::move(plan), std::move(quantizer), std::move(options));
    ARROW_RETURN_NOT_OK(impl->OpenGroups(*store));
    return std::unique_ptr<PackedWriter>(new PackedWriter(std::move(impl)));
  });
}

Status PackedWriter::Write(const std::shared_ptr<arrow::RecordBatch>& batch) {
  return impl_->Write(batch);
}

Result<std::vector<GroupResult>> PackedWriter::Finish() { return impl_->Finish(); }

void PackedWriter::Abort() noexcept { impl_->Abort(); }

WriterProgress PackedWriter::progress() const { return impl_->progress(); }

const std::shared_ptr<arrow::Schema>& PackedWriter::schema() const { return impl_->schema(); }

const std::string& PackedWriter::quantization() const { return impl_->quantization(); }

}  // namespace packed
