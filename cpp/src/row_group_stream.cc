#include "row_group_stream.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "arrow/util/byte_size.h"

#include "arrow_columns.h"
#include "mapped_column.h"
#include "packed/error.h"
#include "packed/executor.h"
#include "packed/memory.h"
#include "page_column.h"
#include "parquet_guard.h"
#include "restore_batch.h"
#include "text_column.h"

namespace packed {
namespace {

/// Slices of the arrays of a column, in row order.
class Cutter {
 public:
  explicit Cutter(const ArrayDataVector& arrays) : arrays_(arrays) { SkipEmpty(); }

  /// Rows of the array that comes next; 0 behind the last one.
  int64_t left() const { return array_ == arrays_.size() ? 0 : arrays_[array_]->length - row_; }

  std::shared_ptr<arrow::ArrayData> Take(int64_t rows) {
    const auto& array = arrays_[array_];
    const bool all = row_ == 0 && rows == array->length;
    auto taken = all ? array : array->Slice(row_, rows);
    row_ += rows;
    if (row_ == array->length) {
      ++array_;
      row_ = 0;
      SkipEmpty();
    }
    return taken;
  }

 private:
  void SkipEmpty() {
    while (array_ < arrays_.size() && arrays_[array_]->length == 0) ++array_;
  }

  const ArrayDataVector& arrays_;
  size_t array_ = 0;
  int64_t row_ = 0;
};

}  // namespace

RowGroupStream::RowGroupStream(std::shared_ptr<const FileProjection> projection, RowGroupRun run,
                               int64_t rows, bool whole, std::shared_ptr<RangeAhead> ahead,
                               CancelToken cancel)
    : projection_(std::move(projection)),
      run_(run),
      whole_(whole),
      ahead_(std::move(ahead)),
      cancel_(std::move(cancel)),
      rows_left_(rows) {}

void RowGroupStream::WhenReadable(std::function<void()> then) const {
  // One that is read step by step need not be here as a whole.
  if (!ahead_ || !whole_) return then();
  ahead_->WhenHere(*projection_, run_.first, std::move(then));
}

/// Made when the first column needs it.
arrow::Result<std::shared_ptr<parquet::arrow::FileReader>> RowGroupStream::Reader() {
  if (reader_) return reader_;
  const Footer& footer = *projection_->footer;
  ARROW_RETURN_NOT_OK(GuardRead(footer.path(), [&]() -> arrow::Status {
    auto source = ahead_ ? ahead_->Source(projection_, run_.first) : footer.file->file();
    ARROW_ASSIGN_OR_RAISE(reader_, OpenArrowReader(footer, std::move(source), !whole_));
    return arrow::Status::OK();
  }));
  return reader_;
}

arrow::Status RowGroupStream::Open() {
  const Footer& footer = *projection_->footer;
  ARROW_RETURN_NOT_OK(GuardRead(footer.path(), [&] { return footer.file->CheckUnchanged(); }));
  const auto count = static_cast<int>(projection_->columns.size());
  if (footer.file->remote()) {
    // One after the other: whoever decodes may wait for requests.
    std::vector<int> all(count);
    std::iota(all.begin(), all.end(), 0);
    ARROW_ASSIGN_OR_RAISE(auto reader, Reader());
    columns_.push_back(
        std::make_unique<ArrowColumns>(*projection_, std::move(all), run_, std::move(reader)));
    return arrow::Status::OK();
  }
  columns_.resize(count);
  // Dictionaries are decoded with it, of many columns of one.
  DecodeTasks tasks;
  for (int column = 0; column < count; ++column) {
    tasks.push_back([this, column, &footer] {
      return GuardRead(footer.path(), [&] { return OpenOwn(column); });
    });
  }
  ARROW_RETURN_NOT_OK(Run(tasks));
  for (int column = 0; column < count; ++column) {
    if (columns_[column]) continue;
    ARROW_ASSIGN_OR_RAISE(auto reader, Reader());
    columns_[column] = std::make_unique<ArrowColumns>(*projection_, std::vector<int>{column}, run_,
                                                      std::move(reader));
  }
  return arrow::Status::OK();
}

/// Leaves null where own code does not decode the column.
arrow::Status RowGroupStream::OpenOwn(int column) {
  std::unique_ptr<ColumnRows>& own = columns_[column];
  ARROW_ASSIGN_OR_RAISE(own, MappedColumn::Make(*projection_, column, run_));
  if (own) return arrow::Status::OK();
  ARROW_ASSIGN_OR_RAISE(own, PageColumn::Make(*projection_, column, run_, whole_));
  if (own) return arrow::Status::OK();
  ARROW_ASSIGN_OR_RAISE(own, TextColumn::Make(*projection_, column, run_, whole_));
  return arrow::Status::OK();
}

/// The first to run are columns that nothing divides.
arrow::Status RowGroupStream::Run(const DecodeTasks& tasks) {
  const std::function<arrow::Status(int)> task = [this, &tasks](int i) -> arrow::Status {
    ARROW_RETURN_NOT_OK(cancel_.Check());
    return tasks[i]();
  };
  const auto count = static_cast<int>(tasks.size());
  const auto loop = std::make_shared<ParallelLoop>(count, task);
  if (board_ != nullptr) board_->Show(loop);
  ParallelLoop::Spawn(loop, std::min(count, Executor::Shared().thread_count()) - 1);
  loop->Run();
  arrow::Status status = loop->Wait();
  if (board_ != nullptr) board_->Show(nullptr);
  return status;
}

std::shared_ptr<RowGroupStream> RowGroupStream::Single(int row_group) const {
  return std::make_shared<RowGroupStream>(projection_, RowGroupRun{row_group, 1},
                                          row_groups()[row_group].rows, /*whole=*/true, ahead_,
                                          cancel_);
}

arrow::Status RowGroupStream::Decode(int64_t rows) {
  DecodeTasks tasks;
  StepBlock block;
  for (const auto& column : columns_) block.Expect(column->BlockBytes(rows));
  for (const auto& column : columns_) ARROW_RETURN_NOT_OK(column->Plan(rows, &block, &tasks));
  ARROW_RETURN_NOT_OK(Run(tasks));
  tasks.clear();
  for (auto& column : columns_) {
    if (!column->foreign()) continue;
    ARROW_ASSIGN_OR_RAISE(auto reader, Reader());
    column =
        std::make_unique<ArrowColumns>(*projection_, column->columns(), run_, std::move(reader));
    ARROW_RETURN_NOT_OK(column->Plan(rows, &block, &tasks));
  }
  if (!tasks.empty()) ARROW_RETURN_NOT_OK(Run(tasks));
  tasks.clear();
  for (const auto& column : columns_) ARROW_RETURN_NOT_OK(column->PlanJoin(&tasks));
  return tasks.empty() ? arrow::Status::OK() : Run(tasks);
}

/// Batches that end where an array of any column does.
arrow::Result<DecodedRows> RowGroupStream::Assemble(int64_t rows) {
  std::vector<ArrayDataVector> arrays(projection_->columns.size());
  std::vector<bool> mapped(arrays.size());
  for (const auto& column : columns_) {
    ARROW_ASSIGN_OR_RAISE(auto decoded, column->Finish());
    for (size_t i = 0; i < decoded.size(); ++i) {
      const int position = column->columns()[i];
      arrays[position] = std::move(decoded[i]);
      mapped[position] = column->mapped();
    }
  }
  std::vector<Cutter> cutters(arrays.begin(), arrays.end());
  DecodedRows result;
  for (int64_t left = rows; left > 0;) {
    int64_t taken = left;
    for (const auto& cutter : cutters) taken = std::min(taken, cutter.left());
    if (taken == 0) {
      return MakeError(ErrorCode::kFileCorrupted,
                       "Expected " + std::to_string(rows) + " rows in every column of \"" +
                           projection_->footer->path() + "\" but received " +
                           std::to_string(rows - left),
                       {projection_->footer->path(), ""});
    }
    ArrayDataVector decoded;
    for (auto& cutter : cutters) decoded.push_back(cutter.Take(taken));
    ARROW_ASSIGN_OR_RAISE(auto batch, RestoreBatch(*projection_, decoded, taken));
    for (int i = 0; i < batch->num_columns(); ++i) {
      if (mapped[projection_->outputs[i].decoded]) continue;
      ARROW_ASSIGN_OR_RAISE(const int64_t bytes,
                            arrow::util::ReferencedBufferSize(*batch->column_data(i)));
      result.bytes += bytes;
    }
    result.batches.push_back(std::move(batch));
    left -= taken;
  }
  return result;
}

arrow::Result<DecodedRows> RowGroupStream::Read(int64_t rows, LoopBoard* board) {
  board_ = board;
  if (columns_.empty()) ARROW_RETURN_NOT_OK(Open());
  ARROW_RETURN_NOT_OK(Decode(rows));
  ARROW_ASSIGN_OR_RAISE(DecodedRows decoded, Assemble(rows));
  rows_left_ -= rows;
  if (rows_left_ == 0) {
    columns_.clear();
    reader_.reset();
  }
  return decoded;
}

}  // namespace packed
