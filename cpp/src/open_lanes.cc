#include "open_lanes.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

#include "group_files.h"
#include "lane_pruner.h"

namespace packed {
namespace {

/// Bounds of the windows of every lane.
using LaneBounds = std::vector<std::vector<WindowBounds>>;

/// The windows of the groups that are read; shared with whoever still opens them when the caller
/// has been cancelled.
struct Windows {
  std::vector<FileInfo> infos;
  std::vector<LaneFile> files;
  std::vector<WindowBounds> bounds;
};

AppendedColumns ColumnsBesides(const ReaderOptions& options) {
  AppendedColumns appended;
  if (options.filter) appended.named = ColumnsOf(*options.filter);
  if (options.visible) {
    appended.stored = {options.visible->key_field, options.visible->timestamp_field};
  }
  return appended;
}

/// Binds the filter to the columns that were appended for it; null without one.
arrow::Result<std::shared_ptr<const LanePruner>> BindTo(const ReaderOptions& options,
                                                        OpenedLanes* opened) {
  if (!options.filter) return nullptr;
  const Projection& projection = opened->projection;
  opened->filter_columns = static_cast<int>(ColumnsOf(*options.filter).size());
  const int behind = options.visible ? 2 : 0;
  const int first = static_cast<int>(projection.columns.size()) - behind - opened->filter_columns;
  arrow::FieldVector fields;
  for (int i = 0; i < opened->filter_columns; ++i) {
    fields.push_back(projection.schema->field(first + i));
  }
  ARROW_ASSIGN_OR_RAISE(opened->filter,
                        BindFilter(*options.filter, arrow::Schema(std::move(fields))));
  return std::make_shared<const LanePruner>(*opened->filter, projection, first,
                                            opened->filter_columns);
}

/// `infos`: of the files of the lanes, lane by lane.
void Prune(const LanePruner& pruner, const LaneBounds& bounds,
           const std::vector<const FileInfo*>& infos, OpenedLanes* opened) {
  const RowRanges kept = pruner.Kept(bounds, opened->rows);
  opened->wanted_rows = CountRows(kept);
  opened->meter->rows_skipped = opened->rows - opened->wanted_rows;
  LeaveOnly(kept, infos, &opened->lanes, opened->meter.get());
}

arrow::Result<std::shared_ptr<Windows>> OpenWindows(const OpenedGroups& opened,
                                                    const std::shared_ptr<const LanePruner>& pruner,
                                                    const CancelToken& cancel) {
  std::vector<WindowRef> refs;
  std::vector<int> lanes;
  for (size_t lane = 0; lane < opened.read.size(); ++lane) {
    const auto& group = opened.read[lane];
    for (size_t i = 0; i < group->windows().size(); ++i) {
      refs.push_back({group, i});
      lanes.push_back(static_cast<int>(lane));
    }
  }
  auto windows = std::make_shared<Windows>();
  windows->infos.resize(refs.size());
  windows->files.resize(refs.size());
  windows->bounds.resize(refs.size());
  ARROW_RETURN_NOT_OK(ForEachWindow(
      refs, cancel,
      [windows, pruner, lanes = std::move(lanes)](const WindowRef& ref, size_t i) -> arrow::Status {
        const auto& [group, window] = ref;
        ARROW_ASSIGN_OR_RAISE(auto file, group->Open(window));
        const FileWindow& rows = group->windows()[window];
        windows->infos[i] = InfoOf(file->footer->info, rows, group->index());
        if (pruner) windows->bounds[i] = pruner->BoundsOf(lanes[i], *file, rows.start, rows.end);
        windows->files[i].rows = {{rows.start, rows.end}};
        if (group->keeps(window)) windows->files[i].file = std::move(file);
        windows->files[i].open = [group, window] { return group->Open(window); };
        return arrow::Status::OK();
      }));
  for (const auto& group : opened.read) group->Forget();
  return windows;
}

template <typename Item>
std::vector<std::vector<Item>> ByLane(const OpenedGroups& opened, std::vector<Item> items) {
  std::vector<std::vector<Item>> lanes;
  auto next = items.begin();
  for (const auto& group : opened.read) {
    const auto end = next + static_cast<std::ptrdiff_t>(group->windows().size());
    lanes.emplace_back(std::make_move_iterator(next), std::make_move_iterator(end));
    next = end;
  }
  return lanes;
}

}  // namespace

arrow::Result<OpenedLanes> OpenLanes(const std::vector<std::string>& paths,
                                     const ReaderOptions& options,
                                     const std::shared_ptr<FileStore>& store) {
  ARROW_ASSIGN_OR_RAISE(const auto set, OpenFileSet(paths, options, store));
  OpenedLanes opened;
  ARROW_ASSIGN_OR_RAISE(opened.projection, MakeProjection(set, options, ColumnsBesides(options)));
  opened.rows = opened.wanted_rows = set.rows;
  opened.meter = std::make_shared<FilterMeter>();
  for (const auto& footer : set.files) opened.files.push_back(footer->info);
  for (const auto& file : opened.projection.files) opened.lanes.push_back({LaneFile(file)});
  ARROW_ASSIGN_OR_RAISE(const auto pruner, BindTo(options, &opened));
  if (pruner) {
    LaneBounds bounds;
    std::vector<const FileInfo*> infos;
    for (const auto& file : opened.projection.files) {
      const auto lane = static_cast<int>(bounds.size());
      bounds.push_back({pruner->BoundsOf(lane, *file, 0, opened.rows)});
      infos.push_back(&file->footer->info);
    }
    Prune(*pruner, bounds, infos, &opened);
  }
  return opened;
}

arrow::Result<OpenedLanes> OpenLanes(std::vector<FileGroup> groups, const ReaderOptions& options,
                                     const std::shared_ptr<FileStore>& store) {
  ARROW_ASSIGN_OR_RAISE(auto found,
                        OpenGroups(std::move(groups), options, store, ColumnsBesides(options)));
  OpenedLanes opened;
  opened.projection = std::move(found.projection);
  opened.rows = opened.wanted_rows = found.rows;
  opened.meter = std::make_shared<FilterMeter>();
  ARROW_ASSIGN_OR_RAISE(const auto pruner, BindTo(options, &opened));
  ARROW_ASSIGN_OR_RAISE(const auto windows, OpenWindows(found, pruner, options.cancel));
  opened.lanes = ByLane(found, std::move(windows->files));
  opened.files = std::move(windows->infos);
  if (pruner) {
    std::vector<const FileInfo*> infos;
    infos.reserve(opened.files.size());
    for (const FileInfo& info : opened.files) infos.push_back(&info);
    Prune(*pruner, ByLane(found, std::move(windows->bounds)), infos, &opened);
  }
  return opened;
}

}  // namespace packed
