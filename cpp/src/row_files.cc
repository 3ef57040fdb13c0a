#include "row_files.h"

#include <algorithm>
#include <string>
#include <utility>

#include "join_batches.h"
#include "key_range.h"
#include "packed/error.h"
#include "packed/executor.h"
#include "parquet_guard.h"
#include "pick_rows.h"
#include "row_group_stream.h"

namespace packed {
namespace {

/// Files that are open at a time while rows are picked; of the local disk each takes a descriptor.
constexpr size_t kMostOpen = 64;

arrow::Status RunTasks(const DecodeTasks& tasks, const CancelToken& cancel) {
  return ParallelFor(static_cast<int>(tasks.size()), 0, [&](int i) -> arrow::Status {
    ARROW_RETURN_NOT_OK(cancel.Check());
    return tasks[i]();
  });
}

/// One output of a file alone: its column is decoded, and no other.
std::shared_ptr<const FileProjection> OnlyOutput(const FileProjection& plan, int slot) {
  RestoredColumn output = plan.outputs[slot];
  const int column = plan.columns[output.decoded];
  output.decoded = 0;
  return std::make_shared<const FileProjection>(FileProjection{plan.footer,
                                                               {column},
                                                               plan.footer->columns[column].leaves,
                                                               {std::move(output)},
                                                               plan.own_pages});
}

}  // namespace

/// Chosen rows of one window.
struct RowFiles::Hit {
  size_t window = 0;
  std::vector<int64_t> rows;  ///< within the file, ascending
  std::shared_ptr<const FileProjection> file;
};

/// Chosen rows of a lane on their way, some files at a time.
class RowFiles::Picking {
 public:
  Picking(const RowFiles& lane, const std::vector<int64_t>& rows)
      : lane_(lane), hits_(lane.Find(rows)) {}

  bool done() const { return next_ == hits_.size(); }

  /// Opens the next files, at most `most` of them, and cuts what is picked of them.
  arrow::Status Open(size_t most, const CancelToken& cancel) {
    const auto begin = hits_.begin() + static_cast<std::ptrdiff_t>(next_);
    const auto count = std::min(most, hits_.size() - next_);
    std::vector<Hit> some(std::make_move_iterator(begin),
                          std::make_move_iterator(begin + static_cast<std::ptrdiff_t>(count)));
    next_ += count;
    ARROW_RETURN_NOT_OK(lane_.OpenAll(&some, cancel));
    for (const Hit& hit : some) Cut(hit);
    return arrow::Status::OK();
  }

  /// Of the files that are open: those are closed when Collect has their rows.
  std::vector<std::unique_ptr<RowPick>>& picks() { return picks_; }

  arrow::Status Collect() {
    for (auto& pick : picks_) {
      ARROW_ASSIGN_OR_RAISE(auto picked, pick->Finish());
      batches_.push_back(std::move(picked));
      pick.reset();
    }
    picks_.clear();
    return arrow::Status::OK();
  }

  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Join() const {
    return JoinBatches(*lane_.file_, batches_);
  }

 private:
  void Cut(const Hit& hit) {
    const auto& groups = hit.file->footer->info.row_groups;
    auto row = hit.rows.begin();
    for (int i = 0; i < static_cast<int>(groups.size()) && row != hit.rows.end(); ++i) {
      const int64_t end = groups[i].row_offset + groups[i].rows;
      if (*row >= end) continue;
      std::vector<int64_t> rows;
      for (; row != hit.rows.end() && *row < end; ++row)
        rows.push_back(*row - groups[i].row_offset);
      picks_.push_back(std::make_unique<RowPick>(hit.file, i, std::move(rows)));
    }
  }

  const RowFiles& lane_;
  std::vector<Hit> hits_;
  size_t next_ = 0;
  std::vector<std::unique_ptr<RowPick>> picks_;
  arrow::RecordBatchVector batches_;
};

RowFiles::RowFiles(std::shared_ptr<const FileProjection> file) : file_(std::move(file)) {
  const FileInfo& info = file_->footer->info;
  windows_.push_back({info.path, 0, info.rows, {}});
  row_offsets_.push_back(0);
}

RowFiles::RowFiles(std::shared_ptr<GroupFiles> group)
    : file_(group->plan()), group_(std::move(group)), windows_(group_->windows()) {
  int64_t rows = 0;
  for (const FileWindow& window : windows_) {
    row_offsets_.push_back(rows);
    rows += window.end - window.start;
  }
}

arrow::Result<std::shared_ptr<const FileProjection>> RowFiles::Open(size_t window) const {
  if (!group_) return file_;
  return group_->Open(window);
}

std::vector<RowFiles::Hit> RowFiles::Find(const std::vector<int64_t>& rows) const {
  std::vector<Hit> hits;
  for (auto row = rows.begin(); row != rows.end();) {
    // The last window that starts at the row or before it: those without rows come before.
    const auto next = std::upper_bound(row_offsets_.begin(), row_offsets_.end(), *row);
    const size_t window = static_cast<size_t>(next - row_offsets_.begin()) - 1;
    const auto end =
        next == row_offsets_.end() ? rows.end() : std::lower_bound(row, rows.end(), *next);
    Hit hit{window, {}, nullptr};
    for (; row != end; ++row) {
      hit.rows.push_back(*row - row_offsets_[window] + windows_[window].start);
    }
    hits.push_back(std::move(hit));
  }
  return hits;
}

arrow::Status RowFiles::OpenAll(std::vector<Hit>* hits, const CancelToken& cancel) const {
  if (!group_) {
    for (Hit& hit : *hits) hit.file = file_;
    return arrow::Status::OK();
  }
  std::vector<WindowRef> refs;
  for (const Hit& hit : *hits) refs.push_back({group_, hit.window});
  auto files = std::make_shared<std::vector<std::shared_ptr<const FileProjection>>>(hits->size());
  ARROW_RETURN_NOT_OK(
      ForEachWindow(refs, cancel, [files](const WindowRef& ref, size_t i) -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE((*files)[i], ref.group->Open(ref.window));
        return arrow::Status::OK();
      }));
  for (size_t i = 0; i < hits->size(); ++i) (*hits)[i].file = std::move((*files)[i]);
  return arrow::Status::OK();
}

arrow::Result<arrow::RecordBatchVector> RowFiles::Pick(std::span<const RowFiles> lanes,
                                                       const std::vector<int64_t>& rows,
                                                       const CancelToken& cancel) {
  std::vector<Picking> pickings;
  for (const RowFiles& lane : lanes) pickings.emplace_back(lane, rows);
  const auto pending = [](const Picking& picking) { return !picking.done(); };
  const size_t most = std::max<size_t>(1, kMostOpen / std::max<size_t>(1, lanes.size()));
  while (std::any_of(pickings.begin(), pickings.end(), pending)) {
    for (Picking& picking : pickings) ARROW_RETURN_NOT_OK(picking.Open(most, cancel));
    DecodeTasks tasks;
    for (Picking& picking : pickings) {
      for (auto& pick : picking.picks()) ARROW_RETURN_NOT_OK(pick->Plan(&tasks));
    }
    ARROW_RETURN_NOT_OK(RunTasks(tasks, cancel));
    tasks.clear();
    for (Picking& picking : pickings) {
      for (auto& pick : picking.picks()) pick->PlanPages(&tasks);
    }
    ARROW_RETURN_NOT_OK(RunTasks(tasks, cancel));
    for (Picking& picking : pickings) ARROW_RETURN_NOT_OK(picking.Collect());
  }
  arrow::RecordBatchVector batches;
  for (const Picking& picking : pickings) {
    ARROW_ASSIGN_OR_RAISE(auto batch, picking.Join());
    batches.push_back(std::move(batch));
  }
  return batches;
}

/// What a window has of a row group that may hold keys.
struct RowFiles::KeyPart {
  std::shared_ptr<const FileProjection> file;
  WindowPart part;
  int64_t first = 0;  ///< row, of all windows
  FoundKeys found;

  arrow::Status Find(const KeySet& keys) {
    const RowGroupInfo& whole = file->footer->info.row_groups[part.row_group];
    RowGroupStream stream(file, {part.row_group, 1}, whole.rows, /*whole=*/true, nullptr);
    ARROW_ASSIGN_OR_RAISE(const DecodedRows decoded, stream.Read(whole.rows));
    ARROW_ASSIGN_OR_RAISE(const auto batch, JoinBatches(*file, decoded.batches));
    const auto rows = batch->column(0)->Slice(part.first - whole.row_offset, part.rows);
    return keys.Find(*rows, first, &found);
  }
};

arrow::Status RowFiles::PlanKeys(const Hit& window, int slot, const KeySet& keys,
                                 std::vector<KeyPart>* parts, KeyHits* hits) const {
  const Footer& footer = *window.file->footer;
  const auto only = OnlyOutput(*window.file, slot);
  const FileWindow& rows = windows_[window.window];
  const size_t before = parts->size();
  ARROW_RETURN_NOT_OK(GuardRead(footer.path(), [&] {
    for (const WindowPart& part : PartsOf(footer.info, rows)) {
      const auto range = KeyRangeOf(footer, only->columns.front(), part.row_group);
      if (range && !keys.AnyWithin(*range)) {
        ++hits->row_groups_skipped;
        continue;
      }
      const int64_t first = row_offsets_[window.window] + part.first - rows.start;
      parts->push_back({only, part, first, {}});
    }
    return arrow::Status::OK();
  }));
  const bool read = parts->size() > before;
  (read ? hits->files_read : hits->files_skipped) += 1;
  hits->row_groups_read += static_cast<int64_t>(parts->size() - before);
  return arrow::Status::OK();
}

arrow::Status RowFiles::FindKeys(int slot, const KeySet& keys, const CancelToken& cancel,
                                 KeyHits* hits) {
  std::vector<Hit> windows;
  for (size_t i = 0; i < windows_.size(); ++i) {
    if (windows_[i].end > windows_[i].start) windows.push_back({i, {}, nullptr});
  }
  for (size_t first = 0; first < windows.size(); first += kMostOpen) {
    const auto begin = windows.begin() + static_cast<std::ptrdiff_t>(first);
    const auto count = std::min(kMostOpen, windows.size() - first);
    std::vector<Hit> some(begin, begin + static_cast<std::ptrdiff_t>(count));
    ARROW_RETURN_NOT_OK(OpenAll(&some, cancel));
    std::vector<KeyPart> parts;
    for (const Hit& window : some) {
      ARROW_RETURN_NOT_OK(PlanKeys(window, slot, keys, &parts, hits));
    }
    const auto find = [&](int i) -> arrow::Status {
      ARROW_RETURN_NOT_OK(cancel.Check());
      return parts[i].Find(keys);
    };
    ARROW_RETURN_NOT_OK(ParallelFor(static_cast<int>(parts.size()), 0, find));
    for (const KeyPart& part : parts) {
      auto& [rows, positions] = hits->found;
      rows.insert(rows.end(), part.found.rows.begin(), part.found.rows.end());
      positions.insert(positions.end(), part.found.keys.begin(), part.found.keys.end());
    }
  }
  return arrow::Status::OK();
}

arrow::Result<RowFiles::RowGroup> RowFiles::ReadRowGroup(size_t window, int64_t row_group) {
  ARROW_ASSIGN_OR_RAISE(const auto file, Open(window));
  const FileInfo& info = file->footer->info;
  WindowPart part;
  if (group_) {
    const std::vector<WindowPart> parts = PartsOf(info, windows_[window]);
    ARROW_RETURN_NOT_OK(CheckPosition("a row group", row_group, parts.size()));
    part = parts[row_group];
  } else {
    ARROW_RETURN_NOT_OK(CheckPosition("a row group", row_group, info.row_groups.size()));
    part.row_group = static_cast<int>(row_group);
    part.first = info.row_groups[row_group].row_offset;
    part.rows = info.row_groups[row_group].rows;
  }
  const RowGroupInfo& whole = info.row_groups[part.row_group];
  const int64_t skip = part.first - whole.row_offset;
  const int64_t rows = skip + part.rows;
  RowGroupStream stream(file, {part.row_group, 1}, rows, /*whole=*/rows == whole.rows, nullptr);
  ARROW_ASSIGN_OR_RAISE(DecodedRows decoded, stream.Read(rows));
  ARROW_ASSIGN_OR_RAISE(const auto batch, JoinBatches(*file, decoded.batches));
  const int64_t first = row_offsets_[window] + part.first - windows_[window].start;
  return RowGroup{first, skip == 0 ? batch : batch->Slice(skip)};
}

arrow::Status CheckPosition(const std::string& what, int64_t index, size_t count) {
  if (index >= 0 && index < static_cast<int64_t>(count)) return arrow::Status::OK();
  return MakeError(ErrorCode::kInvalidArgument, "Expected the position of " + what + " below " +
                                                    std::to_string(count) + " but received " +
                                                    std::to_string(index));
}

}  // namespace packed
