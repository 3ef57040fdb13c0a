#include "packed/reader.h"

#include <cstddef>
#include <iterator>
#include <numeric>
#include <utility>

#include "catch.h"
#include "group_files.h"
#include "lane_join.h"
#include "packed/error.h"
#include "projection.h"
#include "reader_options.h"

namespace packed {

namespace {

/// The windows of the groups that are read; shared with whoever still opens them when the caller
/// has been cancelled.
struct Windows {
  std::vector<FileInfo> infos;
  std::vector<LaneFile> files;
};

std::vector<LaneFiles> OneFileLanes(std::vector<std::shared_ptr<const FileProjection>> files) {
  std::vector<LaneFiles> lanes;
  lanes.reserve(files.size());
  for (auto& file : files) lanes.push_back({std::move(file)});
  return lanes;
}

arrow::Result<std::shared_ptr<Windows>> OpenWindows(const OpenedGroups& opened,
                                                    const CancelToken& cancel) {
  std::vector<WindowRef> refs;
  for (const auto& group : opened.read) {
    for (size_t i = 0; i < group->windows().size(); ++i) refs.push_back({group, i});
  }
  auto windows = std::make_shared<Windows>();
  windows->infos.resize(refs.size());
  windows->files.resize(refs.size());
  ARROW_RETURN_NOT_OK(
      ForEachWindow(refs, cancel, [windows](const WindowRef& ref, size_t i) -> arrow::Status {
        const auto& [group, window] = ref;
        ARROW_ASSIGN_OR_RAISE(auto file, group->Open(window));
        const FileWindow& rows = group->windows()[window];
        windows->infos[i] = InfoOf(file->footer->info, rows, group->index());
        windows->files[i].begin = rows.start;
        windows->files[i].end = rows.end;
        if (group->keeps(window)) windows->files[i].file = std::move(file);
        windows->files[i].open = [group, window] { return group->Open(window); };
        return arrow::Status::OK();
      }));
  for (const auto& group : opened.read) group->Forget();
  return windows;
}

std::vector<LaneFiles> LanesOf(const OpenedGroups& opened, std::vector<LaneFile> files) {
  std::vector<LaneFiles> lanes;
  auto next = files.begin();
  for (const auto& group : opened.read) {
    const auto end = next + static_cast<std::ptrdiff_t>(group->windows().size());
    lanes.emplace_back(std::make_move_iterator(next), std::make_move_iterator(end));
    next = end;
  }
  return lanes;
}

/// Field ids of the columns that say what is visible.
std::vector<int64_t> VisibleFields(const ReaderOptions& options) {
  if (!options.visible) return {};
  return {options.visible->key_field, options.visible->timestamp_field};
}

}  // namespace

class PackedReader::Impl {
 public:
  Impl(std::vector<FileInfo> files, int64_t rows, Projection projection,
       std::vector<LaneFiles> lanes, const ReaderOptions& options)
      : rows_(rows), files_(std::move(files)) {
    const auto columns = static_cast<int>(projection.columns.size());
    Dequantization dequantization = std::move(projection.dequantization);
    source_ = std::make_unique<LaneJoin>(
        std::move(projection.schema), std::move(projection.columns), std::move(lanes), rows,
        JoinLimits{options.batch_rows, options.batch_bytes, BufferBytes(options),
                   BufferBytes(options), dequantization.extra_row_bytes},
        options.cancel);
    if (options.visible) {
      // Key and timestamp are the last two (see Open), and nobody asked for them.
      std::vector<int> output(columns - 2);
      std::iota(output.begin(), output.end(), 0);
      source_ = FilterVisible(std::move(source_), options.visible->filter, columns - 2, columns - 1,
                              std::move(output));
    }
    if (!dequantization.empty()) {
      source_ = DequantizeSource(std::move(source_), std::move(dequantization));
    }
  }

  BatchSource& source() { return *source_; }
  int64_t rows() const { return rows_; }
  const std::vector<FileInfo>& files() const { return files_; }

 private:
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
    ARROW_ASSIGN_OR_RAISE(auto projection, MakeProjection(set, options, VisibleFields(options)));
    std::vector<FileInfo> files;
    files.reserve(set.files.size());
    for (const auto& footer : set.files) files.push_back(footer->info);
    auto lanes = OneFileLanes(std::move(projection.files));
    auto impl = std::make_unique<Impl>(std::move(files), set.rows, std::move(projection),
                                       std::move(lanes), options);
    return std::unique_ptr<PackedReader>(new PackedReader(std::move(impl)));
  });
}

arrow::Result<std::unique_ptr<PackedReader>> PackedReader::Open(std::vector<FileGroup> groups,
                                                                ReaderOptions options,
                                                                std::shared_ptr<FileStore> store) {
  return CatchAll([&]() -> arrow::Result<std::unique_ptr<PackedReader>> {
    if (!store) {
      return MakeError(ErrorCode::kInvalidArgument, "Expected a file store but received none");
    }
    ARROW_RETURN_NOT_OK(CheckReaderOptions(options));
    ARROW_ASSIGN_OR_RAISE(auto opened,
                          OpenGroups(std::move(groups), options, store, VisibleFields(options)));
    ARROW_ASSIGN_OR_RAISE(const auto windows, OpenWindows(opened, options.cancel));
    auto lanes = LanesOf(opened, std::move(windows->files));
    auto impl = std::make_unique<Impl>(std::move(windows->infos), opened.rows,
                                       std::move(opened.projection), std::move(lanes), options);
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
