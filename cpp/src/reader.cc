#include "packed/reader.h"

#include <algorithm>
#include <utility>

#include "arrow/util/byte_size.h"

#include "catch.h"
#include "constant_column.h"
#include "packed/error.h"
#include "projection.h"
#include "read_lane.h"
#include "reader_options.h"

namespace packed {
namespace {

/// Smaller steps cost more in page headers than they save in memory.
constexpr int64_t kLeastShareBytes = 64 << 10;
/// Larger ones would only delay the first batch, whatever the budget.
constexpr int64_t kMostShareBytes = 256 << 20;
/// Rows of one batch when no file bounds it (only fields that the files do not have).
constexpr int64_t kMostConstantRows = 1 << 20;

}  // namespace

class PackedReader::Impl {
 public:
  Impl(const FileSet& set, Projection projection, const ReaderOptions& options)
      : projection_(std::move(projection)),
        rows_(set.rows),
        batch_rows_(options.batch_rows),
        batch_bytes_(options.batch_bytes),
        buffer_bytes_(BufferBytes(options)),
        cancel_(options.cancel) {
    for (const auto& footer : set.files) files_.push_back(footer->info);
    const int64_t count = std::max<int64_t>(1, projection_.files.size());
    // Half a file's part of the budget, so that one step decodes while another is consumed.
    const int64_t share =
        std::clamp(buffer_bytes_ / (2 * count), kLeastShareBytes, kMostShareBytes);
    for (const auto& file : projection_.files) lanes_.emplace_back(file, share, cancel_);
    for (const auto& column : projection_.columns) constants_.emplace_back(column.value);
  }

  ~Impl() { Close(); }

  const std::shared_ptr<arrow::Schema>& schema() const { return projection_.schema; }
  int64_t rows() const { return rows_; }
  const std::vector<FileInfo>& files() const { return files_; }

  arrow::Result<std::shared_ptr<arrow::RecordBatch>> ReadNext() {
    if (closed_) {
      return MakeError(ErrorCode::kClosed, "Expected an open reader but received a closed one");
    }
    ARROW_RETURN_NOT_OK(failure_);
    auto batch = NextBatch();
    if (!batch.ok()) failure_ = batch.status();
    return batch;
  }

  void Close() noexcept {
    closed_ = true;
    for (auto& lane : lanes_) lane.Abandon();
    lanes_.clear();
    constants_.clear();
    projection_.files.clear();  // with them the files are closed
  }

 private:
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> NextBatch() {
    ARROW_RETURN_NOT_OK(cancel_.Check());
    if (position_ == rows_) return nullptr;
    ReadAhead();
    int64_t rows = std::min(batch_rows_, rows_ - position_);
    if (lanes_.empty()) rows = std::min(rows, kMostConstantRows);
    for (auto& lane : lanes_) {
      ARROW_ASSIGN_OR_RAISE(const auto front, lane.Front());
      if (!front) return MakeError(ErrorCode::kInternal, "Expected rows in every file");
      rows = std::min(rows, front->num_rows() - lane.front_offset());
    }
    ARROW_ASSIGN_OR_RAISE(auto columns, Gather(rows));
    if (batch_bytes_ > 0) {
      ARROW_ASSIGN_OR_RAISE(rows, FitRows(rows, &columns));
    }
    for (auto& lane : lanes_) lane.Advance(rows);
    position_ += rows;
    return arrow::RecordBatch::Make(projection_.schema, rows, std::move(columns));
  }

  /// Every file gets a step on its way, whatever the budget; beyond that, the file that is
  /// behind goes first for as long as its next step fits.
  void ReadAhead() {
    for (auto& lane : lanes_) {
      if (lane.empty()) StartAhead(lane.Plan());
    }
    while (true) {
      ReadLane* behind = nullptr;
      int64_t held = 0;
      for (auto& lane : lanes_) {
        held += lane.held_bytes();
        if (lane.NextBytes() == 0) continue;
        if (!behind || lane.planned_rows() < behind->planned_rows()) behind = &lane;
      }
      if (!behind || held + behind->NextBytes() > buffer_bytes_) return;
      StartAhead(behind->Plan());
    }
  }

  /// The next `rows` rows of every output column, as slices.
  arrow::Result<arrow::ArrayVector> Gather(int64_t rows) {
    arrow::ArrayVector columns;
    for (size_t i = 0; i < projection_.columns.size(); ++i) {
      const OutputColumn& column = projection_.columns[i];
      if (column.file < 0) {
        ARROW_ASSIGN_OR_RAISE(auto constant, constants_[i].Slice(rows));
        columns.push_back(std::move(constant));
        continue;
      }
      ReadLane& lane = lanes_[column.file];
      ARROW_ASSIGN_OR_RAISE(const auto front, lane.Front());
      columns.push_back(front->column(column.slot)->Slice(lane.front_offset(), rows));
    }
    return columns;
  }

  /// The most rows, at least one, whose bytes are within `batch_bytes_`; cuts the columns.
  arrow::Result<int64_t> FitRows(int64_t rows, arrow::ArrayVector* columns) const {
    const auto fits = [&](int64_t count) -> arrow::Result<bool> {
      int64_t bytes = 0;
      for (const auto& column : *columns) {
        ARROW_ASSIGN_OR_RAISE(const int64_t slice,
                              arrow::util::ReferencedBufferSize(*column->Slice(0, count)));
        bytes += slice;
      }
      return bytes <= batch_bytes_;
    };
    ARROW_ASSIGN_OR_RAISE(const bool all, fits(rows));
    if (all) return rows;
    int64_t least = 1;
    int64_t most = rows - 1;
    while (least < most) {
      const int64_t middle = least + (most - least + 1) / 2;
      ARROW_ASSIGN_OR_RAISE(const bool fitting, fits(middle));
      (fitting ? least : most) = fitting ? middle : middle - 1;
    }
    for (auto& column : *columns) column = column->Slice(0, least);
    return least;
  }

  Projection projection_;
  const int64_t rows_;
  const int64_t batch_rows_;
  const int64_t batch_bytes_;
  const int64_t buffer_bytes_;
  const CancelToken cancel_;
  std::vector<FileInfo> files_;
  std::vector<ReadLane> lanes_;  // one per file of the projection
  std::vector<ConstantColumn> constants_;
  int64_t position_ = 0;
  bool closed_ = false;
  arrow::Status failure_;
};

PackedReader::PackedReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PackedReader::~PackedReader() = default;

arrow::Result<std::unique_ptr<PackedReader>> PackedReader::Open(std::vector<std::string> paths,
                                                                ReaderOptions options,
                                                                std::shared_ptr<FileStore> store) {
  return CatchAll([&]() -> arrow::Result<std::unique_ptr<PackedReader>> {
    if (!store) {
      return MakeError(ErrorCode::kInvalidArgument, "Expected a file store but received none");
    }
    ARROW_RETURN_NOT_OK(CheckReaderOptions(options));
    ARROW_ASSIGN_OR_RAISE(auto set, OpenFileSet(paths, options, *store));
    ARROW_ASSIGN_OR_RAISE(auto projection, MakeProjection(set, options));
    auto impl = std::make_unique<Impl>(set, std::move(projection), options);
    return std::unique_ptr<PackedReader>(new PackedReader(std::move(impl)));
  });
}

const std::shared_ptr<arrow::Schema>& PackedReader::schema() const { return impl_->schema(); }
int64_t PackedReader::num_rows() const { return impl_->rows(); }
const std::vector<FileInfo>& PackedReader::files() const { return impl_->files(); }

arrow::Result<std::shared_ptr<arrow::RecordBatch>> PackedReader::ReadNext() {
  return CatchAll([this] { return impl_->ReadNext(); });
}

void PackedReader::Close() noexcept { impl_->Close(); }

}  // namespace packed
