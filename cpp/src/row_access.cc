#include "packed/row_access.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

#include "arrow/compute/api_vector.h"
#include "arrow/compute/exec.h"
#include "arrow/datum.h"

#include "catch.h"
#include "constant_column.h"
#include "group_files.h"
#include "packed/error.h"
#include "packed/memory.h"
#include "projection.h"
#include "reader_options.h"
#include "row_files.h"

namespace packed {

class RowAccess::Impl {
 public:
  Impl(const FileSet& set, Projection projection, CancelToken cancel)
      : rows_(set.rows), projection_(std::move(projection)), cancel_(std::move(cancel)) {
    for (const auto& file : projection_.files) lanes_.emplace_back(file);
    for (const auto& footer : set.files) {
      paths_.push_back(footer->path());
      row_groups_.push_back(footer->info.row_groups.size());
      const auto found = std::find_if(projection_.files.begin(), projection_.files.end(),
                                      [&](const auto& plan) { return plan->footer == footer; });
      const bool read = found != projection_.files.end();
      places_.push_back({read ? static_cast<int>(found - projection_.files.begin()) : -1, 0});
    }
  }

  Impl(OpenedGroups opened, CancelToken cancel)
      : rows_(opened.rows), projection_(std::move(opened.projection)), cancel_(std::move(cancel)) {
    for (auto& group : opened.read) {
      const auto lane = static_cast<int>(lanes_.size());
      lanes_.emplace_back(std::move(group));
      for (size_t i = 0; i < lanes_.back().count(); ++i) places_.push_back({lane, i});
    }
  }

  const std::shared_ptr<arrow::Schema>& schema() const { return projection_.dequantization.schema; }
  int64_t num_rows() const { return rows_; }

  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Take(const std::vector<int64_t>& rows) {
    ARROW_RETURN_NOT_OK(CheckOpen());
    for (const int64_t row : rows) {
      if (row >= 0 && row < rows_) continue;
      return MakeError(ErrorCode::kInvalidArgument, "Expected rows from 0 to " +
                                                        std::to_string(rows_ - 1) +
                                                        " but received " + std::to_string(row));
    }
    std::vector<int64_t> distinct = rows;
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    ARROW_ASSIGN_OR_RAISE(auto picked, PickDistinct(distinct));
    if (distinct != rows) {
      ARROW_ASSIGN_OR_RAISE(picked, InOrder(picked, distinct, rows));
    }
    return projection_.dequantization.Apply(picked);
  }

  arrow::Result<KeyHits> FindKeys(int64_t column, const KeySet& keys) {
    ARROW_RETURN_NOT_OK(CheckOpen());
    ARROW_RETURN_NOT_OK(CheckPosition("a column", column, schema()->num_fields()));
    const OutputColumn& where = projection_.columns[column];
    KeyHits hits;
    if (where.file >= 0) {
      ARROW_RETURN_NOT_OK(lanes_[where.file].FindKeys(where.slot, keys, cancel_, &hits));
      return hits;
    }
    const std::string& name = schema()->field(static_cast<int>(column))->name();
    return MakeError(ErrorCode::kMetadataCorrupted,
                     "Expected a file with the keys of \"" + name + "\" but received none",
                     {paths_.empty() ? "" : paths_.front(), name});
  }

  arrow::Result<std::shared_ptr<arrow::RecordBatch>> ReadRowGroup(int64_t file, int64_t row_group) {
    ARROW_RETURN_NOT_OK(CheckOpen());
    ARROW_RETURN_NOT_OK(CheckPosition("a file", file, places_.size()));
    const Place& place = places_[file];
    if (place.lane >= 0) {
      ARROW_ASSIGN_OR_RAISE(const auto decoded,
                            lanes_[place.lane].ReadRowGroup(place.window, row_group));
      ARROW_ASSIGN_OR_RAISE(auto answer, AnswerOf(place.lane, decoded));
      if (answer->num_columns() > 0) return answer;
    } else {
      ARROW_RETURN_NOT_OK(CheckPosition("a row group", row_group, row_groups_[file]));
    }
    const std::string path = paths_.empty() ? "one of another group" : paths_[file];
    return MakeError(
        ErrorCode::kInvalidArgument,
        "Expected a file with one of the columns for ReadRowGroup but received " + path,
        {paths_.empty() ? "" : path, ""});
  }

  void Close() noexcept {
    closed_ = true;
    lanes_.clear();  // with them the files are closed
    projection_.files.clear();
  }

 private:
  arrow::Status CheckOpen() const {
    ARROW_RETURN_NOT_OK(cancel_.Check());
    if (!closed_) return arrow::Status::OK();
    return MakeError(ErrorCode::kClosed, "Expected an open reader but received a closed one");
  }

  /// The rows in the order of the files.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> PickDistinct(
      const std::vector<int64_t>& rows) {
    ARROW_ASSIGN_OR_RAISE(const auto files, RowFiles::Pick(lanes_, rows, cancel_));
    const auto count = static_cast<int64_t>(rows.size());
    arrow::ArrayVector columns;
    for (const OutputColumn& column : projection_.columns) {
      if (column.file >= 0) {
        columns.push_back(files[column.file]->column(column.slot));
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(auto constant, ConstantColumn(column.value).Slice(count));
      columns.push_back(std::move(constant));
    }
    return arrow::RecordBatch::Make(projection_.schema, count, std::move(columns));
  }

  /// The columns of the answer that a lane has, of the rows of one of its row groups.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> AnswerOf(int lane,
                                                              const RowFiles::RowGroup& decoded) {
    const Dequantization& quantized = projection_.dequantization;
    const auto& rows = decoded.rows;
    if (quantized.empty()) return rows;
    std::vector<std::pair<int, int>> places;  // slot in the lane, column of the answer
    for (int i = 0; i < schema()->num_fields(); ++i) {
      const OutputColumn& column = projection_.columns[i];
      if (column.file == lane) places.emplace_back(column.slot, i);
    }
    std::sort(places.begin(), places.end());
    arrow::FieldVector fields;
    arrow::ArrayVector columns;
    for (const auto& [slot, i] : places) {
      fields.push_back(schema()->field(i));
      columns.push_back(rows->column(slot));
      const auto codes = std::find_if(quantized.columns.begin(), quantized.columns.end(),
                                      [i = i](const auto& column) { return column.codes == i; });
      if (codes == quantized.columns.end()) continue;
      ARROW_ASSIGN_OR_RAISE(const auto scales, ScalesOf(codes->scales, lane, decoded));
      ARROW_ASSIGN_OR_RAISE(columns.back(),
                            DequantizeColumn(*columns.back(), *scales, *fields.back()));
    }
    return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows->num_rows(),
                                    std::move(columns));
  }

  /// The scales of the rows of a row group, which may be in another lane.
  arrow::Result<std::shared_ptr<arrow::Array>> ScalesOf(int column, int lane,
                                                        const RowFiles::RowGroup& decoded) {
    const OutputColumn& scales = projection_.columns[column];
    if (scales.file == lane) return decoded.rows->column(scales.slot);
    std::vector<int64_t> positions(decoded.rows->num_rows());
    std::iota(positions.begin(), positions.end(), decoded.first);
    const std::span<const RowFiles> one(&lanes_[scales.file], 1);
    ARROW_ASSIGN_OR_RAISE(const auto picked, RowFiles::Pick(one, positions, cancel_));
    return picked.front()->column(scales.slot);
  }

  /// Rows as they were asked for, of `picked`, which has each of them once.
  static arrow::Result<std::shared_ptr<arrow::RecordBatch>> InOrder(
      const std::shared_ptr<arrow::RecordBatch>& picked, const std::vector<int64_t>& distinct,
      const std::vector<int64_t>& rows) {
    const auto count = static_cast<int64_t>(rows.size());
    ARROW_ASSIGN_OR_RAISE(
        std::shared_ptr<arrow::Buffer> positions,
        arrow::AllocateBuffer(count * static_cast<int64_t>(sizeof(int64_t)), Pool()));
    auto* const position = reinterpret_cast<int64_t*>(positions->mutable_data());
    for (int64_t i = 0; i < count; ++i) {
      position[i] = std::lower_bound(distinct.begin(), distinct.end(), rows[i]) - distinct.begin();
    }
    arrow::compute::ExecContext context(Pool());
    context.set_use_threads(false);
    ARROW_ASSIGN_OR_RAISE(
        const auto taken,
        arrow::compute::Take(arrow::Datum(picked),
                             arrow::Datum(std::make_shared<arrow::Int64Array>(count, positions)),
                             arrow::compute::TakeOptions::NoBoundsCheck(), &context));
    return taken.record_batch();
  }

  /// Where a file of ReadRowGroup is; no lane where nothing of it is read.
  struct Place {
    int lane = -1;
    size_t window = 0;
  };

  const int64_t rows_;
  Projection projection_;
  std::vector<RowFiles> lanes_;  ///< by file of the projection
  std::vector<Place> places_;
  std::vector<std::string> paths_;  ///< of files that are told by their paths, by place
  std::vector<size_t> row_groups_;
  const CancelToken cancel_;
  bool closed_ = false;
};

RowAccess::RowAccess(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RowAccess::~RowAccess() = default;

namespace {

arrow::Status CheckOptions(const ReaderOptions& options, const FileStore* store) {
  if (store == nullptr) {
    return MakeError(ErrorCode::kInvalidArgument, "Expected a file store but received none");
  }
  if (options.visible) {
    return MakeError(ErrorCode::kNotSupported,
                     "Expected no visibility for rows by position but received one");
  }
  if (options.filter) {
    return MakeError(ErrorCode::kNotSupported,
                     "Expected no filter for rows by position but received one");
  }
  return CheckReaderOptions(options);
}

}  // namespace

arrow::Result<std::unique_ptr<RowAccess>> RowAccess::Open(std::vector<std::string> paths,
                                                          ReaderOptions options,
                                                          std::shared_ptr<FileStore> store) {
  return CatchAll([&]() -> arrow::Result<std::unique_ptr<RowAccess>> {
    ARROW_RETURN_NOT_OK(CheckOptions(options, store.get()));
    ARROW_ASSIGN_OR_RAISE(auto set, OpenFileSet(paths, options, store));
    ARROW_ASSIGN_OR_RAISE(auto projection, MakeProjection(set, options));
    auto impl = std::make_unique<Impl>(set, std::move(projection), options.cancel);
    return std::unique_ptr<RowAccess>(new RowAccess(std::move(impl)));
  });
}

arrow::Result<std::unique_ptr<RowAccess>> RowAccess::Open(std::vector<FileGroup> groups,
                                                          ReaderOptions options,
                                                          std::shared_ptr<FileStore> store) {
  return CatchAll([&]() -> arrow::Result<std::unique_ptr<RowAccess>> {
    ARROW_RETURN_NOT_OK(CheckOptions(options, store.get()));
    ARROW_ASSIGN_OR_RAISE(auto opened, OpenGroups(std::move(groups), options, store));
    auto impl = std::make_unique<Impl>(std::move(opened), options.cancel);
    return std::unique_ptr<RowAccess>(new RowAccess(std::move(impl)));
  });
}

const std::shared_ptr<arrow::Schema>& RowAccess::schema() const { return impl_->schema(); }

int64_t RowAccess::num_rows() const { return impl_->num_rows(); }

arrow::Result<KeyHits> RowAccess::FindKeys(int64_t column, const KeySet& keys) {
  return CatchAll([&] { return impl_->FindKeys(column, keys); });
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> RowAccess::Take(
    const std::vector<int64_t>& rows) {
  return CatchAll([&] { return impl_->Take(rows); });
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> RowAccess::ReadRowGroup(int64_t file,
                                                                           int64_t row_group) {
  return CatchAll([&] { return impl_->ReadRowGroup(file, row_group); });
}

void RowAccess::Close() noexcept { impl_->Close(); }

}  // namespace packed
