#include "packed/row_group_reader.h"

#include <deque>
#include <numeric>
#include <utility>
#include <vector>

#include "catch.h"
#include "constant_column.h"
#include "decoded_size.h"
#include "packed/error.h"
#include "projection.h"
#include "range_ahead.h"
#include "read_step.h"
#include "reader_options.h"

namespace packed {
namespace {

arrow::Status ClosedError() {
  return MakeError(ErrorCode::kClosed, "Expected an open reader but received a closed one");
}

}  // namespace

class RowGroupReader::Impl {
 public:
  Impl(const FileSet& set, Projection projection, const ReaderOptions& options)
      : projection_(std::move(projection)),
        info_(set.files.front()->info),
        buffer_bytes_(BufferBytes(options)),
        ahead_bytes_(BufferBytes(options)),
        cancel_(options.cancel) {
    for (const auto& column : projection_.columns) constants_.emplace_back(column.value);
  }

  ~Impl() { Close(); }

  const std::shared_ptr<arrow::Schema>& schema() const { return projection_.schema; }
  const FileInfo& file() const { return info_; }

  arrow::Status SetRange(int64_t offset, int64_t count) {
    if (closed_) return ClosedError();
    const auto total = static_cast<int64_t>(info_.row_groups.size());
    if (offset < 0 || count <= 0 || offset >= total || count > total - offset) {
      return MakeError(ErrorCode::kInvalidArgument,
                       "Expected a range within the " + std::to_string(total) + " row groups for " +
                           info_.path + " but received offset " + std::to_string(offset) +
                           " and count " + std::to_string(count),
                       {info_.path, ""});
    }
    Abandon();
    next_ = planned_ = static_cast<int>(offset);
    end_ = static_cast<int>(offset + count);
    ReadRemoteAhead();
    failure_ = arrow::Status::OK();
    return arrow::Status::OK();
  }

  arrow::Result<std::shared_ptr<arrow::Table>> ReadNext() {
    if (next_ == end_) return nullptr;
    if (closed_) return ClosedError();
    ARROW_RETURN_NOT_OK(failure_);
    auto table = CatchAll([this] { return NextRowGroup(); });
    if (table.ok()) {
      ++next_;
    } else {
      failure_ = table.status();
    }
    return table;
  }

  void Close() noexcept {
    closed_ = true;
    Abandon();
    constants_.clear();
    projection_.files.clear();  // with them the file is closed
  }

 private:
  arrow::Result<std::shared_ptr<arrow::Table>> NextRowGroup() {
    ARROW_RETURN_NOT_OK(cancel_.Check());
    arrow::RecordBatchVector decoded;
    if (!projection_.files.empty()) {
      ReadAhead();
      const auto step = std::move(steps_.front());
      steps_.pop_front();
      ARROW_ASSIGN_OR_RAISE(decoded, step->Take());
    }
    return Assemble(info_.row_groups[next_].rows, decoded);
  }

  /// The next row group in any case, then as many after it as the budget has room for.
  void ReadAhead() {
    int64_t held = 0;
    for (const auto& step : steps_) held += step->bytes();
    while (planned_ < end_) {
      const auto& file = projection_.files.front();
      const int64_t bytes = EstimateDecodedSize(*file, planned_).bytes;
      if (!steps_.empty() && bytes > buffer_bytes_ - held) return;
      held += bytes;
      auto stream = std::make_shared<RowGroupStream>(
          file, RowGroupRun{planned_, 1}, info_.row_groups[planned_].rows, /*whole=*/true, ahead_);
      steps_.push_back(std::make_shared<ReadStep>(std::move(stream),
                                                  info_.row_groups[planned_].rows, bytes, cancel_));
      ++planned_;
      StartAhead(steps_.back());
    }
  }

  /// The columns in output order, those that the file does not have filled in.
  arrow::Result<std::shared_ptr<arrow::Table>> Assemble(int64_t rows,
                                                        const arrow::RecordBatchVector& decoded) {
    arrow::ChunkedArrayVector columns;
    for (size_t i = 0; i < projection_.columns.size(); ++i) {
      const OutputColumn& column = projection_.columns[i];
      arrow::ArrayVector chunks;
      if (column.file < 0) {
        ARROW_ASSIGN_OR_RAISE(auto constant, constants_[i].Slice(rows));
        chunks.push_back(std::move(constant));
      } else {
        for (const auto& batch : decoded) chunks.push_back(batch->column(column.slot));
      }
      const auto& type = projection_.schema->field(static_cast<int>(i))->type();
      columns.push_back(std::make_shared<arrow::ChunkedArray>(std::move(chunks), type));
    }
    return arrow::Table::Make(projection_.schema, std::move(columns), rows);
  }

  void ReadRemoteAhead() {
    if (projection_.files.empty() || !projection_.files.front()->footer->file->remote()) return;
    ahead_ = std::make_shared<RangeAhead>(ahead_bytes_, cancel_);
    std::vector<int> row_groups(end_ - next_);
    std::iota(row_groups.begin(), row_groups.end(), next_);
    ahead_->Add(0, projection_.files.front(), std::move(row_groups));
  }

  void Abandon() {
    if (ahead_) ahead_->Close();  // wakes the steps that are waited for
    for (const auto& step : steps_) step->Abandon();
    steps_.clear();
  }

  Projection projection_;  // of one file, or of none when it has none of the columns
  const FileInfo info_;
  const int64_t buffer_bytes_;
  const int64_t ahead_bytes_;
  const CancelToken cancel_;
  std::shared_ptr<RangeAhead> ahead_;  // of the range, where the file is remote
  std::vector<ConstantColumn> constants_;
  std::deque<std::shared_ptr<ReadStep>> steps_;  // row groups [next_, planned_)
  int next_ = 0;
  int planned_ = 0;
  int end_ = 0;
  bool closed_ = false;
  arrow::Status failure_;
};

RowGroupReader::RowGroupReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RowGroupReader::~RowGroupReader() = default;

arrow::Result<std::unique_ptr<RowGroupReader>> RowGroupReader::Open(
    const std::string& path, ReaderOptions options, std::shared_ptr<FileStore> store) {
  return CatchAll([&]() -> arrow::Result<std::unique_ptr<RowGroupReader>> {
    if (!store) {
      return MakeError(ErrorCode::kInvalidArgument, "Expected a file store but received none");
    }
    ARROW_RETURN_NOT_OK(CheckReaderOptions(options));
    if (options.filter) {
      return MakeError(ErrorCode::kNotSupported,
                       "Expected no filter for whole row groups but received one");
    }
    options.quantized = QuantizedForm::kRaw;  // the scales may be in another file
    ARROW_ASSIGN_OR_RAISE(const auto set, OpenFileSet({path}, options, store));
    ARROW_ASSIGN_OR_RAISE(auto projection, MakeProjection(set, options));
    auto impl = std::make_unique<Impl>(set, std::move(projection), options);
    return std::unique_ptr<RowGroupReader>(new RowGroupReader(std::move(impl)));
  });
}

const std::shared_ptr<arrow::Schema>& RowGroupReader::schema() const { return impl_->schema(); }
const FileInfo& RowGroupReader::file() const { return impl_->file(); }

arrow::Status RowGroupReader::SetRange(int64_t offset, int64_t count) {
  return CatchAll([&] { return impl_->SetRange(offset, count); });
}

arrow::Result<std::shared_ptr<arrow::Table>> RowGroupReader::ReadNext() {
  return impl_->ReadNext();
}

void RowGroupReader::Close() noexcept { impl_->Close(); }

}  // namespace packed
