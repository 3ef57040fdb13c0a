#include "group_files.h"

#include <algorithm>
#include <utility>

#include "io_for_each.h"
#include "packed/error.h"
#include "packed/executor.h"

namespace packed {
namespace {

std::string RangeText(const FileWindow& window) {
  return "[" + std::to_string(window.start) + ", " + std::to_string(window.end) + ")";
}

arrow::Status CheckWithin(const FileWindow& window, int64_t file_rows) {
  if (std::max(window.start, window.end) <= file_rows) return arrow::Status::OK();
  return MakeError(ErrorCode::kFileCorrupted,
                   "Expected a file with the rows " + RangeText(window) + " for " + window.path +
                       " but received one of " + std::to_string(file_rows) + " rows",
                   {window.path, ""});
}

/// Columns that the group does not count are as good as not there.
void LeaveOut(const std::vector<std::string>& columns, Footer* footer) {
  std::erase_if(footer->columns, [&](const FileColumn& column) {
    return std::find(columns.begin(), columns.end(), column.field->name()) == columns.end();
  });
}

/// The position of a column in another file of the group.
arrow::Result<int> FindAgain(const FileColumn& wanted, const Footer& footer) {
  const std::string& name = wanted.field->name();
  const auto found =
      std::find_if(footer.columns.begin(), footer.columns.end(),
                   [&](const FileColumn& column) { return column.field->name() == name; });
  if (found == footer.columns.end()) {
    return MakeError(ErrorCode::kFileCorrupted,
                     "Expected column " + name + " (as the other files of its group have) for " +
                         footer.path() + " but received a file without it",
                     {footer.path(), name});
  }
  if (!found->field->type()->Equals(wanted.field->type())) {
    return MakeError(ErrorCode::kTypeMismatch,
                     "Expected type " + wanted.field->type()->ToString() +
                         " (as the first file of its group has) for column " + name + " of " +
                         footer.path() + " but received " + found->field->type()->ToString(),
                     {footer.path(), name});
  }
  return static_cast<int>(found - footer.columns.begin());
}

/// Codes of another file of the group, which may have another scale of all its vectors.
arrow::Status DecodeLike(const Footer& footer, const FileColumn& column, RestoredColumn* output) {
  ARROW_ASSIGN_OR_RAISE(const auto described, QuantizedColumns(footer));
  const auto found = std::find_if(described.begin(), described.end(),
                                  [&](const auto& field) { return column.id == field.field_id; });
  const QuantizedField& first = *output->quantized;
  const bool same = found != described.end() &&
                    found->scale.has_value() == first.scale.has_value() &&
                    (first.scale || found->scale_field_id == first.scale_field_id);
  if (!same) {
    return MakeError(ErrorCode::kTypeMismatch,
                     "Expected vectors quantized as in the first file of the group for column " +
                         column.field->name() + " of " + footer.path() + " but received others",
                     {footer.path(), column.field->name()});
  }
  if (found->scale) output->restore = DequantizeBy(*found->scale, output->field->type());
  return arrow::Status::OK();
}

/// What `plan` reads of its file, of another one.
arrow::Result<std::shared_ptr<const FileProjection>> ProjectLike(
    const FileProjection& plan, std::shared_ptr<const Footer> footer) {
  std::vector<int> places;  // by position in plan.columns
  for (const int column : plan.columns) {
    ARROW_ASSIGN_OR_RAISE(const int place, FindAgain(plan.footer->columns[column], *footer));
    places.push_back(place);
  }
  auto like = std::make_shared<FileProjection>();
  like->columns = places;
  std::sort(like->columns.begin(), like->columns.end());
  for (const int column : like->columns) {
    const auto& leaves = footer->columns[column].leaves;
    like->leaves.insert(like->leaves.end(), leaves.begin(), leaves.end());
  }
  like->outputs = plan.outputs;
  for (auto& output : like->outputs) {
    if (output.quantized) {
      const FileColumn& column = footer->columns[places[output.decoded]];
      ARROW_RETURN_NOT_OK(DecodeLike(*footer, column, &output));
    }
    const auto place =
        std::lower_bound(like->columns.begin(), like->columns.end(), places[output.decoded]);
    output.decoded = static_cast<int>(place - like->columns.begin());
  }
  like->own_pages = plan.own_pages;
  like->footer = std::move(footer);
  return like;
}

}  // namespace

GroupFiles::GroupFiles(int index, FileGroup group, size_t most_kept, const ReaderOptions& options,
                       std::shared_ptr<FileStore> store)
    : index_(index),
      group_(std::move(group)),
      most_kept_(most_kept),
      options_(options),
      store_(std::move(store)) {}

bool GroupFiles::MayHave(const std::string& name) const {
  if (!group_.columns) return true;
  return std::find(group_.columns->begin(), group_.columns->end(), name) != group_.columns->end();
}

bool GroupFiles::counted() const {
  return std::none_of(group_.files.begin(), group_.files.end(),
                      [](const FileWindow& window) { return window.end < 0; });
}

int64_t GroupFiles::rows() const {
  int64_t rows = 0;
  for (const FileWindow& window : group_.files) rows += window.end - window.start;
  return rows;
}

void GroupFiles::Forget() {
  const std::lock_guard lock(mutex_);
  keeping_ = false;
  kept_.clear();
}

arrow::Result<std::shared_ptr<const Footer>> GroupFiles::ReadFile(const FileWindow& window) const {
  ARROW_RETURN_NOT_OK(options_.cancel.Check());
  ReadOptions read_options;
  read_options.mmap = options_.mmap;
  read_options.cancel = options_.cancel;
  read_options.file_bytes = window.known.file_bytes;
  read_options.tail_bytes = TailBytes(window.known.footer_bytes);
  ARROW_ASSIGN_OR_RAISE(Footer footer, packed::ReadFooter(*store_, window.path, read_options,
                                                          FooterPolicy::kLenient, options_.keys));
  if (group_.columns) LeaveOut(*group_.columns, &footer);
  footer.info.group = index_;
  return std::make_shared<const Footer>(std::move(footer));
}

arrow::Result<std::shared_ptr<const Footer>> GroupFiles::ReadFooter(size_t window) {
  const FileWindow& wanted = group_.files[window];
  std::shared_ptr<const Footer> footer;
  {
    const std::lock_guard lock(mutex_);
    const auto kept = kept_.find(wanted.path);
    if (kept != kept_.end()) footer = kept->second;
  }
  if (!footer) {
    ARROW_ASSIGN_OR_RAISE(footer, ReadFile(wanted));
    const std::lock_guard lock(mutex_);
    const std::string version = footer->file->version();
    const auto [first, added] = versions_.emplace(wanted.path, version);
    if (!added && first->second != version) {
      return MakeError(ErrorCode::kFileChanged,
                       "Expected the file it was opened as for '" + wanted.path +
                           "' but received another or a changed one",
                       {wanted.path, ""});
    }
    if (keeping_ && kept_.size() < most_kept_) kept_.emplace(wanted.path, footer);
  }
  ARROW_RETURN_NOT_OK(CheckWithin(wanted, footer->info.rows));
  return footer;
}

arrow::Status GroupFiles::Count(size_t window) {
  ARROW_ASSIGN_OR_RAISE(const auto footer, ReadFooter(window));
  FileWindow& counted = group_.files[window];
  if (counted.end < 0) counted.end = footer->info.rows;
  return arrow::Status::OK();
}

arrow::Result<std::shared_ptr<const FileProjection>> GroupFiles::Open(size_t window) {
  ARROW_ASSIGN_OR_RAISE(auto footer, ReadFooter(window));
  return ProjectLike(*plan_, std::move(footer));
}

arrow::Status ForEachWindow(const std::vector<WindowRef>& windows, const CancelToken& cancel,
                            std::function<arrow::Status(const WindowRef&, size_t)> task) {
  if (windows.empty()) return arrow::Status::OK();
  // By file, in the order in which the files first come.
  std::map<std::pair<const GroupFiles*, std::string>, size_t> files;
  std::vector<std::vector<size_t>> tasks;
  for (size_t i = 0; i < windows.size(); ++i) {
    const auto& [group, window] = windows[i];
    const auto [place, added] =
        files.emplace(std::pair{group.get(), group->windows()[window].path}, tasks.size());
    if (added) tasks.emplace_back();
    tasks[place->second].push_back(i);
  }
  const bool remote = windows.front().group->remote();
  const auto count = static_cast<int>(tasks.size());
  const auto run = [windows, tasks = std::move(tasks), cancel,
                    task = std::move(task)](int file) -> arrow::Status {
    for (const size_t i : tasks[file]) {
      ARROW_RETURN_NOT_OK(cancel.Check());
      ARROW_RETURN_NOT_OK(task(windows[i], i));
    }
    return arrow::Status::OK();
  };
  return remote ? IoForEach(count, cancel, run) : ParallelFor(count, 0, run);
}

std::vector<WindowPart> PartsOf(const FileInfo& info, const FileWindow& window) {
  std::vector<WindowPart> parts;
  for (size_t i = 0; i < info.row_groups.size(); ++i) {
    const RowGroupInfo& group = info.row_groups[i];
    const int64_t first = std::max(group.row_offset, window.start);
    const int64_t rows = std::min(group.row_offset + group.rows, window.end) - first;
    if (rows > 0) parts.push_back({static_cast<int>(i), first, rows});
  }
  return parts;
}

FileInfo InfoOf(const FileInfo& info, const FileWindow& window, int group) {
  FileInfo own = info;
  own.group = group;
  own.rows = window.end - window.start;
  own.row_groups.clear();
  for (const WindowPart& part : PartsOf(info, window)) {
    RowGroupInfo facts = info.row_groups[part.row_group];
    const double share = static_cast<double>(part.rows) / static_cast<double>(facts.rows);
    for (int64_t* bytes :
         {&facts.memory_bytes, &facts.compressed_bytes, &facts.uncompressed_bytes}) {
      if (share < 1) *bytes = static_cast<int64_t>(static_cast<double>(*bytes) * share);
    }
    facts.row_offset = part.first;
    facts.rows = part.rows;
    own.row_groups.push_back(facts);
  }
  return own;
}

}  // namespace packed
