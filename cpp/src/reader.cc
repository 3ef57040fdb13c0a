#include "packed/reader.h"

#include <numeric>
#include <utility>

#include "catch.h"
#include "lane_join.h"
#include "packed/error.h"
#include "projection.h"
#include "reader_options.h"

namespace packed {

class PackedReader::Impl {
 public:
  Impl(const FileSet& set, Projection projection, const ReaderOptions& options) : rows_(set.rows) {
    for (const auto& footer : set.files) files_.push_back(footer->info);
    const auto columns = static_cast<int>(projection.columns.size());
    source_ =
        std::make_unique<LaneJoin>(std::move(projection.schema), std::move(projection.columns),
                                   OneFileLanes(std::move(projection.files)), set.rows,
                                   JoinLimits{options.batch_rows, options.batch_bytes,
                                              BufferBytes(options), BufferBytes(options)},
                                   options.cancel);
    if (!options.visible) return;
    // Key and timestamp are the last two (see Open), and nobody asked for them.
    std::vector<int> output(columns - 2);
    std::iota(output.begin(), output.end(), 0);
    source_ = FilterVisible(std::move(source_), options.visible->filter, columns - 2, columns - 1,
                            std::move(output));
  }

  BatchSource& source() { return *source_; }
  int64_t rows() const { return rows_; }
  const std::vector<FileInfo>& files() const { return files_; }

 private:
  static std::vector<LaneFiles> OneFileLanes(
      std::vector<std::shared_ptr<const FileProjection>> files) {
    std::vector<LaneFiles> lanes;
    lanes.reserve(files.size());
    for (auto& file : files) lanes.push_back({std::move(file)});
    return lanes;
  }

  const int64_t rows_;
  std::vector<FileInfo> files_;
  std::unique_ptr<BatchSource> source_;
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
    ARROW_ASSIGN_OR_RAISE(auto set, OpenFileSet(paths, options, store));
    std::vector<int64_t> appended;
    if (options.visible) {
      appended = {options.visible->key_field, options.visible->timestamp_field};
    }
    ARROW_ASSIGN_OR_RAISE(auto projection, MakeProjection(set, options, appended));
    auto impl = std::make_unique<Impl>(set, std::move(projection), options);
    return std::unique_ptr<PackedReader>(new PackedReader(std::move(impl)));
  });
}

const std::shared_ptr<arrow::Schema>& PackedReader::schema() const {
  return impl_->source().schema();
}
int64_t PackedReader::num_rows() const { return impl_->rows(); }
const std::vector<FileInfo>& PackedReader::files() const { return impl_->files(); }

arrow::Result<std::shared_ptr<arrow::RecordBatch>> PackedReader::ReadNext() {
  return impl_->source().ReadNext();
}

void PackedReader::Close() noexcept { impl_->source().Close(); }

}  // namespace packed
