#include "packed/reader.h"

#include <numeric>
#include <utility>
#include <vector>

#include "catch.h"
#include "filter_source.h"
#include "lane_join.h"
#include "open_lanes.h"
#include "packed/error.h"
#include "reader_options.h"

namespace packed {

namespace {

std::vector<int> FirstColumns(int count) {
  std::vector<int> columns(count);
  std::iota(columns.begin(), columns.end(), 0);
  return columns;
}

}  // namespace

class PackedReader::Impl {
 public:
  Impl(OpenedLanes opened, const ReaderOptions& options)
      : rows_(opened.rows), files_(std::move(opened.files)), meter_(opened.meter) {
    auto columns = static_cast<int>(opened.projection.columns.size());
    Dequantization dequantization = std::move(opened.projection.dequantization);
    source_ = std::make_unique<LaneJoin>(
        std::move(opened.projection.schema), std::move(opened.projection.columns),
        std::move(opened.lanes), opened.wanted_rows,
        JoinLimits{options.batch_rows, options.batch_bytes, BufferBytes(options),
                   BufferBytes(options), dequantization.extra_row_bytes},
        opened.meter, options.cancel);
    // What nobody asked for is appended (see OpenLanes), and left out in the opposite order.
    if (options.visible) {
      columns -= 2;
      source_ = FilterVisible(std::move(source_), options.visible->filter, columns, columns + 1,
                              FirstColumns(columns));
    }
    if (opened.filter) {
      std::vector<int> filtered(opened.filter_columns);
      columns -= opened.filter_columns;
      std::iota(filtered.begin(), filtered.end(), columns);
      source_ = FilterRows(std::move(source_), std::move(*opened.filter), std::move(filtered),
                           FirstColumns(columns), std::move(opened.meter));
    }
    if (!dequantization.empty()) {
      source_ = DequantizeSource(std::move(source_), std::move(dequantization));
    }
  }

  BatchSource& source() { return *source_; }
  int64_t rows() const { return rows_; }
  const std::vector<FileInfo>& files() const { return files_; }
  const std::shared_ptr<const FilterMeter>& meter() const { return meter_; }

 private:
  const int64_t rows_;
  std::vector<FileInfo> files_;
  const std::shared_ptr<const FilterMeter> meter_;
  std::unique_ptr<BatchSource> source_;
};

PackedReader::PackedReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PackedReader::~PackedReader() = default;

namespace {

arrow::Status CheckOpen(const ReaderOptions& options, const FileStore* store) {
  if (store == nullptr) {
    return MakeError(ErrorCode::kInvalidArgument, "Expected a file store but received none");
  }
  return CheckReaderOptions(options);
}

}  // namespace

arrow::Result<std::unique_ptr<PackedReader>> PackedReader::Open(std::vector<std::string> paths,
                                                                ReaderOptions options,
                                                                std::shared_ptr<FileStore> store) {
  return CatchAll([&]() -> arrow::Result<std::unique_ptr<PackedReader>> {
    ARROW_RETURN_NOT_OK(CheckOpen(options, store.get()));
    ARROW_ASSIGN_OR_RAISE(auto opened, OpenLanes(paths, options, store));
    auto impl = std::make_unique<Impl>(std::move(opened), options);
    return std::unique_ptr<PackedReader>(new PackedReader(std::move(impl)));
  });
}

arrow::Result<std::unique_ptr<PackedReader>> PackedReader::Open(std::vector<FileGroup> groups,
                                                                ReaderOptions options,
                                                                std::shared_ptr<FileStore> store) {
  return CatchAll([&]() -> arrow::Result<std::unique_ptr<PackedReader>> {
    ARROW_RETURN_NOT_OK(CheckOpen(options, store.get()));
    ARROW_ASSIGN_OR_RAISE(auto opened, OpenLanes(std::move(groups), options, store));
    auto impl = std::make_unique<Impl>(std::move(opened), options);
    return std::unique_ptr<PackedReader>(new PackedReader(std::move(impl)));
  });
}

const std::shared_ptr<arrow::Schema>& PackedReader::schema() const {
  return impl_->source().schema();
}
int64_t PackedReader::num_rows() const { return impl_->rows(); }
const std::vector<FileInfo>& PackedReader::files() const { return impl_->files(); }
FilterStats PackedReader::filter_stats() const { return impl_->meter()->Read(); }
const std::shared_ptr<const FilterMeter>& PackedReader::meter() const { return impl_->meter(); }

arrow::Result<std::shared_ptr<arrow::RecordBatch>> PackedReader::ReadNext() {
  return impl_->source().ReadNext();
}

bool PackedReader::Ready() const { return impl_->source().Ready(); }

void PackedReader::Close() noexcept { impl_->source().Close(); }

}  // namespace packed
