#include "packed/row_access.h"

#include <algorithm>
#include <utility>

#include "arrow/array/concatenate.h"
#include "arrow/compute/api_vector.h"
#include "arrow/compute/exec.h"
#include "arrow/datum.h"

#include "catch.h"
#include "constant_column.h"
#include "packed/error.h"
#include "packed/executor.h"
#include "packed/memory.h"
#include "pick_rows.h"
#include "projection.h"
#include "reader_options.h"
#include "row_group_stream.h"

namespace packed {
namespace {

/// Chosen rows of one row group of a file.
struct Portion {
  int row_group = 0;
  std::vector<int64_t> rows;  ///< within the row group, ascending
  std::shared_ptr<arrow::RecordBatch> picked;
};

/// Ascending positions, none twice, cut where row groups end.
std::vector<Portion> CutIntoRowGroups(const FileInfo& file, const std::vector<int64_t>& rows) {
  std::vector<Portion> portions;
  auto row = rows.begin();
  for (int i = 0; i < static_cast<int>(file.row_groups.size()) && row != rows.end(); ++i) {
    const RowGroupInfo& group = file.row_groups[i];
    const int64_t end = group.row_offset + group.rows;
    if (*row >= end) continue;
    Portion portion{i, {}, nullptr};
    for (; row != rows.end() && *row < end; ++row) portion.rows.push_back(*row - group.row_offset);
    portions.push_back(std::move(portion));
  }
  return portions;
}

arrow::Result<std::shared_ptr<arrow::Array>> Join(arrow::ArrayVector parts) {
  if (parts.size() == 1) return parts.front();
  return arrow::Concatenate(parts, Pool());
}

}  // namespace

class RowAccess::Impl {
 public:
  Impl(FileSet set, Projection projection, CancelToken cancel)
      : set_(std::move(set)), projection_(std::move(projection)), cancel_(std::move(cancel)) {}

  const std::shared_ptr<arrow::Schema>& schema() const { return projection_.schema; }

  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Take(const std::vector<int64_t>& rows) {
    ARROW_RETURN_NOT_OK(CheckOpen());
    for (const int64_t row : rows) {
      if (row >= 0 && row < set_.rows) continue;
      return MakeError(ErrorCode::kInvalidArgument, "Expected rows from 0 to " +
                                                        std::to_string(set_.rows - 1) +
                                                        " but received " + std::to_string(row));
    }
    std::vector<int64_t> distinct = rows;
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    ARROW_ASSIGN_OR_RAISE(auto picked, PickDistinct(distinct));
    if (distinct == rows) return picked;
    return InOrder(picked, distinct, rows);
  }

  arrow::Result<std::shared_ptr<arrow::RecordBatch>> ReadRowGroup(int64_t file, int64_t row_group) {
    ARROW_RETURN_NOT_OK(CheckOpen());
    ARROW_RETURN_NOT_OK(CheckIndex("a file", file, set_.files.size()));
    const auto& footer = set_.files[file];
    ARROW_RETURN_NOT_OK(CheckIndex("a row group", row_group, footer->info.row_groups.size()));
    const auto found = std::find_if(projection_.files.begin(), projection_.files.end(),
                                    [&](const auto& plan) { return plan->footer == footer; });
    if (found == projection_.files.end()) {
      return MakeError(
          ErrorCode::kInvalidArgument,
          "Expected a file with one of the columns for ReadRowGroup but received " + footer->path(),
          {footer->path(), ""});
    }
    RowGroupStream stream(*found, {static_cast<int>(row_group), 1}, /*whole=*/true, nullptr);
    const int64_t rows = footer->info.row_groups[row_group].rows;
    ARROW_ASSIGN_OR_RAISE(DecodedRows decoded, stream.Read(rows));
    return JoinBatches(**found, decoded.batches);
  }

  void Close() noexcept {
    closed_ = true;
    projection_.files.clear();
    set_.files.clear();
  }

 private:
  arrow::Status CheckOpen() const {
    ARROW_RETURN_NOT_OK(cancel_.Check());
    if (!closed_) return arrow::Status::OK();
    return MakeError(ErrorCode::kClosed, "Expected an open reader but received a closed one");
  }

  static arrow::Status CheckIndex(const std::string& what, int64_t index, size_t count) {
    if (index >= 0 && index < static_cast<int64_t>(count)) return arrow::Status::OK();
    return MakeError(ErrorCode::kInvalidArgument, "Expected the position of " + what + " below " +
                                                      std::to_string(count) + " but received " +
                                                      std::to_string(index));
  }

  /// The rows in the order of the files.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> PickDistinct(
      const std::vector<int64_t>& rows) {
    std::vector<std::shared_ptr<arrow::RecordBatch>> files;
    for (const auto& plan : projection_.files) {
      ARROW_ASSIGN_OR_RAISE(auto picked, PickOfFile(plan, rows));
      files.push_back(std::move(picked));
    }
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

  arrow::Result<std::shared_ptr<arrow::RecordBatch>> PickOfFile(
      const std::shared_ptr<const FileProjection>& plan, const std::vector<int64_t>& rows) {
    std::vector<Portion> portions = CutIntoRowGroups(plan->footer->info, rows);
    const auto pick = [&](int i) -> arrow::Status {
      ARROW_RETURN_NOT_OK(cancel_.Check());
      Portion& portion = portions[i];
      ARROW_ASSIGN_OR_RAISE(portion.picked, PickRows(plan, portion.row_group, portion.rows));
      return arrow::Status::OK();
    };
    ARROW_RETURN_NOT_OK(ParallelFor(static_cast<int>(portions.size()), 0, pick));
    arrow::RecordBatchVector batches;
    for (Portion& portion : portions) batches.push_back(std::move(portion.picked));
    return JoinBatches(*plan, batches);
  }

  /// One batch of the outputs of a file.
  static arrow::Result<std::shared_ptr<arrow::RecordBatch>> JoinBatches(
      const FileProjection& plan, const arrow::RecordBatchVector& batches) {
    if (batches.size() == 1) return batches.front();
    arrow::FieldVector fields;
    for (const auto& output : plan.outputs) fields.push_back(output.field);
    const auto schema = arrow::schema(std::move(fields));
    if (batches.empty()) return arrow::RecordBatch::MakeEmpty(schema, Pool());
    int64_t rows = 0;
    for (const auto& batch : batches) rows += batch->num_rows();
    arrow::ArrayVector columns;
    for (int i = 0; i < schema->num_fields(); ++i) {
      arrow::ArrayVector parts;
      for (const auto& batch : batches) parts.push_back(batch->column(i));
      ARROW_ASSIGN_OR_RAISE(auto joined, Join(std::move(parts)));
      columns.push_back(std::move(joined));
    }
    return arrow::RecordBatch::Make(schema, rows, std::move(columns));
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

  FileSet set_;
  Projection projection_;
  const CancelToken cancel_;
  bool closed_ = false;
};

RowAccess::RowAccess(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RowAccess::~RowAccess() = default;

arrow::Result<std::unique_ptr<RowAccess>> RowAccess::Open(std::vector<std::string> paths,
                                                          ReaderOptions options,
                                                          std::shared_ptr<FileStore> store) {
  return CatchAll([&]() -> arrow::Result<std::unique_ptr<RowAccess>> {
    if (!store) {
      return MakeError(ErrorCode::kInvalidArgument, "Expected a file store but received none");
    }
    if (options.visible) {
      return MakeError(ErrorCode::kNotSupported,
                       "Expected no visibility for rows by position but received one");
    }
    ARROW_RETURN_NOT_OK(CheckReaderOptions(options));
    ARROW_ASSIGN_OR_RAISE(auto set, OpenFileSet(paths, options, store));
    ARROW_ASSIGN_OR_RAISE(auto projection, MakeProjection(set, options));
    auto impl = std::make_unique<Impl>(std::move(set), std::move(projection), options.cancel);
    return std::unique_ptr<RowAccess>(new RowAccess(std::move(impl)));
  });
}

const std::shared_ptr<arrow::Schema>& RowAccess::schema() const { return impl_->schema(); }

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
